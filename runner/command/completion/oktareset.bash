# Completion of oktareset for bash 3.2 or later: source <(oktareset completion bash)
_oktareset() {
	local line files=
	local -a words=("${COMP_WORDS[@]:1:COMP_CWORD}")
	COMPREPLY=()
	while IFS= read -r line; do
		if [[ $line == :files ]]; then
			files=1
		else
			COMPREPLY+=("${line%%$'\t'*}")
		fi
	done < <("${1/#\~\//$HOME/}" __complete bash "${words[@]/#/=}" 2>/dev/null)
	# Without an answer, readline completes the names of files: only where one is wanted. The bash of macOS has no compopt.
	[[ -n $files ]] || compopt +o bashdefault +o default 2>/dev/null || :
}
complete -o bashdefault -o default -F _oktareset oktareset
