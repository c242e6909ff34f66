#compdef spmi
# Completion of spmi for zsh. Try it:  eval "$(spmi completion zsh)"
# Keep it:  spmi completion zsh >DIRECTORY/_spmi, where DIRECTORY is in $fpath before compinit is called.

_spmi() {
  local program=${(Q)words[1]} line word
  local -a answer given shown
  answer=("${(@f)$(${~program} complete -- zsh "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}")
  for line in "${(@)answer[2,-1]}"; do
    word=${line%%$'\t'*}
    given+=("$word")
    shown+=("$word${${line#*$'\t'}:+  -- ${line#*$'\t'}}")
  done
  if (( $#given )); then
    compadd -l -d shown -a -- given
    return
  fi
  case $answer[1] in
    descriptors) _files -g '*.(toml|yaml|yml|json)(-.)' ;;
    all) compset -P '--*='; _files ;;
    folders) compset -P '--*='; _files -/ ;;
    *) return 1 ;;
  esac
}

if [[ $funcstack[1] == _spmi ]]; then _spmi "$@"; else compdef _spmi spmi; fi
