# Completion of oktareset for bash 3.2 or later: source <(oktareset completion bash)
_oktareset() {
	local line files= own= name
	local -a words=("${COMP_WORDS[@]:1:COMP_CWORD}")
	COMPREPLY=()
	while IFS= read -r line; do
		if [[ $line == :files* ]]; then
			files=1 own=${line#:files}
		else
			COMPREPLY+=("${line%%$'\t'*}")
		fi
	done < <("${1/#\~\//$HOME/}" __complete bash "${words[@]/#/=}" 2>/dev/null)
	# Behind :files stand the endings of names that aren't wanted. Where there are none of them, readline completes, which knows more.
	if [[ -n $own ]]; then
		own=${own# } own=${own//./\\.} own="(${own// /|})\$"
		while IFS= read -r name; do
			if [[ $name =~ $own ]]; then
				files=
			else
				# The bash of macOS quotes no name by itself: one may hold a command.
				type -t compopt >/dev/null || printf -v name %q "$name"
				COMPREPLY+=("$name")
			fi
		done < <(compgen -f -- "$2")
		if [[ -n $files ]]; then
			COMPREPLY=()
		else
			compopt -o filenames 2>/dev/null || :
		fi
	fi
	# Without an answer, readline completes the names of files: only where one is wanted. The bash of macOS has no compopt.
	[[ -n $files ]] || compopt +o bashdefault +o default 2>/dev/null || :
}
complete -o bashdefault -o default -F _oktareset oktareset
