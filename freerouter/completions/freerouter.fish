# Completion of `freerouter` for fish. In ~/.config/fish/config.fish: freerouter completion fish | source
function __freerouter_complete
    set -l given (commandline -opc)
    set -l program (string replace -r '^~' $HOME -- $given[1])
    set -l current (commandline -ct | string unescape 2> /dev/null)
    for line in ($program complete fish $given[2..-1] "$current" 2> /dev/null < /dev/null)
        if test "$line" = \tpath
            __fish_complete_path "$current"
        else
            printf '%s\n' $line
        end
    end
end
complete -c freerouter -f -k -a '(__freerouter_complete)'
