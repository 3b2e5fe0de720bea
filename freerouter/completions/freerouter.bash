# Completion of `freerouter` for bash. In ~/.bashrc: eval "$(freerouter completion bash)"
_freerouter() {
    COMPREPLY=()
    mapfile -t COMPREPLY < <(
        "${1/#\~/$HOME}" complete bash "${COMP_LINE:0:COMP_POINT}" "$COMP_WORDBREAKS" "$COMP_TYPE" \
            2> /dev/null < /dev/null
    )
    if [[ ${COMPREPLY[0]-} == $'\tpath' ]]; then
        COMPREPLY=()
        compopt -o default
    fi
}
complete -F _freerouter freerouter
