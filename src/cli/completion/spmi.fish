# Completion of spmi for fish. Try it:  spmi completion fish | source
# Keep it:  spmi completion fish >~/.config/fish/completions/spmi.fish

function __spmi_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l answer (command $words[1] complete -- fish $words[2..] "$current" 2>/dev/null)
    printf '%s\n' $answer[2..]
    switch "$answer[1]"
        case descriptors
            __fish_complete_path "$current" | string match --regex '^[^\t]*(?:/|\.(?:toml|yaml|yml|json))(?:\t.*)?$'
        case all
            __fish_complete_path "$current"
        case folders
            __fish_complete_directories "$current"
    end
end

complete --command spmi --no-files --arguments '(__spmi_complete)'
