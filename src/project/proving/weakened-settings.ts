/** A file by which it can be changed what a check looks at. */
export interface CheckFile {
  files: RegExp;
  /** Counts only where a command that the checks reach says one of these words; absent: always. */
  tools?: readonly string[];
  /** The part that counts: sections with such a name, or keys; absent: all of it. */
  sections?: RegExp;
  keys?: readonly string[];
}

/** Settings of test runners and of other tools that judge. A further one is a row. */
export const CHECK_FILES: readonly CheckFile[] = [
  {
    files:
      /(?:^|\/)(?:vitest|jest|playwright|cypress|karma\.conf|ava|wdio\.conf|nightwatch\.conf)(?:\.config|\.workspace|\.setup)?\.(?:[cm]?[jt]s|json)$/,
  },
  { files: /(?:^|\/)vite\.config\.[cm]?[jt]s$/, tools: ['vitest'] },
  { files: /(?:^|\/)(?:setup-?tests?|test-?setup|(?:vitest|jest)[.-]setup)\.[cm]?[jt]sx?$/i },
  { files: /(?:^|\/)\.(?:mocharc|nycrc|c8rc|taprc)(?:\.\w+)?$|(?:^|\/)vitest\.workspace\.\w+$/ },
  { files: /(?:^|\/)(?:pytest\.ini|\.pytest\.ini|conftest\.py|tox\.ini|noxfile\.py|\.coveragerc)$/ },
  {
    files: /(?:^|\/)(?:pyproject\.toml|setup\.cfg)$/,
    sections: /pytest|unittest|coverage|tox|nox|ruff|mypy|pyright|flake8|pylint/,
  },
  {
    files: /(?:^|\/)Cargo\.toml$/,
    sections: /^(?:test|lib|bin|bench|lints|workspace\.lints)\b/,
  },
  { files: /(?:^|\/)(?:\.config\/nextest|clippy|\.clippy)\.toml$/ },
  { files: /(?:^|\/)(?:\.rspec|(?:spec|rails|test)_helper\.rb)$/ },
  { files: /(?:^|\/)phpunit\.xml(?:\.dist)?$|(?:^|\/)Pest\.php$/ },
  { files: /(?:^|\/)(?:junit-platform|testng)[^/]*\.(?:properties|xml)$|\.runsettings$/ },
  {
    files: /(?:^|\/)package\.json$/,
    keys: ['jest', 'mocha', 'vitest', 'ava', 'nyc', 'c8', 'tap', 'eslintConfig', 'eslintIgnore', 'xo'],
  },
  { files: /(?:^|\/)composer\.json$/, keys: ['scripts', 'config'] },
  { files: /(?:^|\/)(?:GNUm|[mM])akefile$|\.mk$/, tools: ['make', 'gmake'] },
  { files: /(?:^|\/)\.?justfile$/i, tools: ['just'] },
  { files: /(?:^|\/)Taskfile\.ya?ml$/, tools: ['task'] },
  { files: /(?:^|\/)Rakefile$/, tools: ['rake'] },
  { files: /(?:^|\/)(?:eslint\.config\.\w+|\.eslintrc(?:\.\w+)?|\.eslintignore)$/, tools: ['eslint'] },
  { files: /(?:^|\/)biome\.jsonc?$/, tools: ['biome'] },
  { files: /(?:^|\/)tsconfig[^/]*\.json$/, tools: ['tsc', 'vue-tsc'] },
  { files: /(?:^|\/)\.?ruff\.toml$/, tools: ['ruff'] },
  { files: /(?:^|\/)\.?mypy\.ini$/, tools: ['mypy', 'dmypy'] },
  { files: /(?:^|\/)pyrightconfig\.json$/, tools: ['pyright', 'basedpyright'] },
  { files: /(?:^|\/)\.flake8$/, tools: ['flake8'] },
  { files: /(?:^|\/)\.?pylintrc$/, tools: ['pylint'] },
  { files: /(?:^|\/)\.golangci\.\w+$/, tools: ['golangci-lint'] },
  { files: /(?:^|\/)\.rubocop(?:_todo)?\.yml$/, tools: ['rubocop'] },
  { files: /(?:^|\/)(?:phpstan|psalm)[^/]*\.(?:neon|xml)(?:\.dist)?$/, tools: ['phpstan', 'psalm'] },
];
