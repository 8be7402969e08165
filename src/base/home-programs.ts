/**
 * Where a person's programs lie below home, each folder with all that they are made of: agents may not write there, and of
 * home the commands of a proof see these folders.
 */
export const HOME_PROGRAMS: readonly string[] = [
  ...['bin', '.local/bin', '.local/share/uv/python', '.local/share/mise', '.asdf', '.linuxbrew'],
  ...['.nvm', '.local/share/fnm', '.volta', '.nodenv', '.bun/bin', '.deno/bin', '.pyenv', '.rbenv', '.rvm'],
  ...['.cargo/bin', '.rustup', 'go/bin', '.sdkman', '.jenv', '.dotnet', '.ghcup', '.juliaup'],
];
