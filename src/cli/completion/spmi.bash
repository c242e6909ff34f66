# Completion of spmi for bash. Try it:  eval "$(spmi completion bash)"
# Keep it:  spmi completion bash >~/.local/share/bash-completion/completions/spmi

_spmi() {
  local answer ending
  mapfile -t answer < <("${1/#\~\//$HOME/}" complete -- bash "${COMP_LINE:0:COMP_POINT}" "$COMP_WORDBREAKS" 2>/dev/null)
  COMPREPLY=("${answer[@]:1}")
  [ "${#COMPREPLY[@]}" -eq 0 ] || return 0
  case ${answer[0]-} in
    descriptors)
      compopt -o filenames
      mapfile -t COMPREPLY < <(
        compgen -d -- "$2"
        for ending in toml yaml yml json; do compgen -f -X "!*.$ending" -- "$2"; done
      )
      ;;
    all) compopt -o default ;;
    folders) compopt -o dirnames ;;
  esac
}
complete -F _spmi spmi
