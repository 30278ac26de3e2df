# Completion of oktareset for fish 3 or later: oktareset completion fish > ~/.config/fish/completions/oktareset.fish
function __oktareset_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    for line in ($words[1] __complete fish "="$words[2..-1] "=$current" 2>/dev/null)
        if string match -q -- ':files*' "$line"
            set -l unwanted (string split -n ' ' -- (string replace :files '' -- "$line"))
            set -l flag (string match -r -- '^-[^=]*=' $current)
            set -l typed (string replace -r -- '^-[^=]*=' '' $current)
            for path in (__fish_complete_path $typed)
                set -l name (string split -m 1 \t -- $path)[1]
                set -l own no
                for ending in $unwanted
                    string match -q -- "*$ending" $name; and set own yes
                end
                test $own = no; and echo -- "$flag$path"
            end
        else
            echo -- $line
        end
    end
end
complete -c oktareset -f -a '(__oktareset_complete)'
