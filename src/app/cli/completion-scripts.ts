/** What `samocode completion` prints for each shell. */
export const COMPLETION_SCRIPTS: Readonly<Record<string, string>> = {
  bash: `_samocode() {
  local word about
  COMPREPLY=()
  while IFS=$'\\t' read -r word about; do
    COMPREPLY+=("$word")
  done < <(samocode __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _samocode samocode
`,
  zsh: `#compdef samocode
_samocode() {
  local word about
  local -a found shown
  while IFS=$'\\t' read -r word about; do
    found+=("$word")
    shown+=("$word\${about:+  -- $about}")
  done < <(samocode __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)
  if (( \${#found} )); then compadd -l -d shown -a found; else _files; fi
}
compdef _samocode samocode
`,
  fish: `function __samocode_complete
  set -l before (commandline -opc)
  set -l current (commandline -ct)
  set -l found (samocode __complete -- $before[2..] "$current" 2>/dev/null)
  if test (count $found) -gt 0
    printf '%s\\n' $found
  else
    __fish_complete_path "$current"
  end
end
complete -c samocode -f -a '(__samocode_complete)'
`,
};
