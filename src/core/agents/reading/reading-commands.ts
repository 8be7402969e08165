/** Commands that only read, for CLIs that accept a pattern for allowed commands. */
export const READING_COMMANDS = [
  'git (?:blame|describe|diff|grep|log|ls-files|ls-tree|merge-base|rev-list|rev-parse|shortlog|show|status)',
  ...['cat', 'cut', 'du', 'grep', 'head', 'ls', 'nl', 'pwd', 'rg', 'stat', 'tail', 'tr', 'wc'],
];

/** Options of these commands that write a file or start a program, with git's abbreviations. */
export const WRITING_OPTIONS = ['--ou', '--op', '--ext', ' -[0-9A-Za-z]*O', '--pre[ =]', '--hostname-bin'];
