#compdef oktareset
# Completion of oktareset for zsh: source <(oktareset completion zsh), behind compinit, or as the file _oktareset in a folder of fpath.
_oktareset() {
	local line
	local -a typed found unwanted
	typed=("${(@Q)words[2,CURRENT]}")
	for line in "${(@f)$("${words[1]/#\~\//$HOME/}" __complete zsh "${(@)typed/#/=}" 2>/dev/null)}"; do
		if [[ $line == :files* ]]; then
			compset -P '-*='
			line=${line#:files}
			if [[ -z $line ]]; then
				_files
			else # behind it stand the endings of names that aren't wanted
				unwanted=(\*${^=${line# }})
				_files -F unwanted
			fi
			return
		fi
		[[ -n $line ]] && found+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
	done
	_describe -V oktareset found
}
if [[ ${funcstack[1]} == _oktareset ]]; then
	_oktareset "$@"
else
	compdef _oktareset oktareset
fi
