import { GRANTS, type Grant } from '../../phases/grants.ts';
import type { ChildRequest } from '../contract/provider.ts';

interface Rule {
  tools: readonly string[];
  /** A regular expression on the call's arguments as JSON; each of them stands between two zero bytes. */
  argsPattern?: string;
  /** Without it a command with ">" still asks. */
  allowRedirection?: true;
  /** `allow` unless told. `ask_user`: Gemini CLI allows what its own list knows as safe. */
  decision?: 'deny' | 'ask_user';
}

const READING: Rule = {
  tools: [
    'glob',
    'google_web_search',
    'grep_search',
    'list_directory',
    'read_file',
    'read_many_files',
    'web_fetch',
    'write_todos',
  ],
};
const WRITERS = ['replace', 'write_file'];

/** What `PERMISSIONS=allow` lets a child do; everything else would ask, and is denied at once. */
const RULES: Readonly<Record<Grant, (request: Pick<ChildRequest, 'sessionDir'>) => readonly Rule[]>> = {
  work: () => [READING, { tools: WRITERS }, { tools: ['run_shell_command'], allowRedirection: true }],
  documents: ({ sessionDir }) => [
    READING,
    { tools: WRITERS, argsPattern: below(sessionDir) },
    { tools: ['run_shell_command'], argsPattern: READING_COMMAND },
    { tools: ['run_shell_command'], argsPattern: UNSEEN_WRITING, decision: 'deny' },
    { tools: ['run_shell_command'], decision: 'ask_user' },
  ],
};

/** The policy file of a child. */
export function geminiPolicy(request: Pick<ChildRequest, 'phase' | 'sessionDir'>): string {
  const rules = RULES[GRANTS[request.phase]](request);
  return rules.flatMap(({ tools, ...rule }) => tools.map((tool) => ruleText(tool, rule))).join('\n\n');
}

const PRIORITIES = { deny: 150, allow: 100, ask_user: 50 };

function ruleText(tool: string, rule: Omit<Rule, 'tools'>): string {
  const { argsPattern, allowRedirection, decision = 'allow' } = rule;
  return [
    '[[rule]]',
    `toolName = "${tool}"`,
    `decision = "${decision}"`,
    `priority = ${PRIORITIES[decision]}`,
    // A string of TOML is one of JSON.
    ...(argsPattern === undefined ? [] : [`argsPattern = ${JSON.stringify(argsPattern)}`]),
    ...(allowRedirection ? ['allowRedirection = true'] : []),
  ].join('\n');
}

/** An absolute path in the folder that nothing leads out of again. */
function below(folder: string): string {
  const inJson = JSON.stringify(folder).slice(1, -1);
  const literally = inJson.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
  return String.raw`\x00"file_path":"${literally}/(?![^"]*\.\./)[^"]+"\x00`;
}

/** Each part of a command line is held against the rules by itself; what none names, Gemini CLI's own list of safe commands may know. */
const READING_COMMANDS = [
  'git (?:blame|describe|diff|grep|log|ls-files|ls-tree|merge-base|rev-list|rev-parse|shortlog|show|status)',
  ...['cat', 'cut', 'du', 'grep', 'head', 'ls', 'nl', 'pwd', 'rg', 'stat', 'tail', 'tr', 'wc'],
];

/** Options that write a file or start a program, in the abbreviations that git takes; and options that are partly quoted. */
const WRITING_OPTIONS = [
  ...['--ou', '--op', '--ext', ' -[0-9A-Za-z]*O', '--pre[ =]', '--hostname-bin'],
  String.raw` -[^ =\x00]*['\\]`,
  String.raw`['"\\]-`,
];

/** What a shell may first make an option of: expansions, braces, a blank that is no space, a line that goes on. */
const MADE_BY_SHELL = ['[$`]', '[^@^][{]', String.raw`\\t`, String.raw`\\\\\\n`];

const COMMAND = String.raw`\x00"command":"`;
const READING_COMMAND = String.raw`${COMMAND}(?:${READING_COMMANDS.join('|')})(?=[ "])(?![^\x00]*(?:${WRITING_OPTIONS.join('|')}))`;

/** Denied before any list: Gemini CLI's own does not see what a shell makes of a word, and knows no file that `uniq` writes. */
const UNSEEN_WRITING = String.raw`${COMMAND}(?:uniq (?!-[a-z]+")|[^\x00]*(?:${MADE_BY_SHELL.join('|')}))`;
