#compdef freerouter
# Completion of `freerouter` for zsh. In ~/.zshrc, below compinit: eval "$(freerouter completion zsh)"
_freerouter() {
    local -a found given
    given=("${(@Q)words[2,CURRENT-1]}")
    found=("${(@f)$("${words[1]/#\~/$HOME}" complete zsh "${given[@]}" "${(Q)PREFIX}" 2> /dev/null < /dev/null)}")
    if [[ ${found[1]} == $'\tpath' ]]; then
        shift found
        _files
    fi
    [[ -n ${found[1]} ]] && _describe -V 'freerouter' found
}
if [[ ${funcstack[1]} == _freerouter ]]; then
    _freerouter "$@"
else
    compdef _freerouter freerouter
fi
