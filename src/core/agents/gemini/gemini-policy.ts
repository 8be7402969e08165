import { GRANTS, type Grant } from '../../kernel/phases/grants.ts';
import type { AgentRequest } from '../contract/provider.ts';
import { READING_COMMANDS, WRITING_OPTIONS } from '../reading/reading-commands.ts';

interface Rule {
  tools: readonly string[];
  /** A regular expression for the call's arguments as JSON, each enclosed in NUL bytes. */
  argsPattern?: string;
  /** Without this, a command with ">" needs approval. */
  allowRedirection?: true;
  /** Default: `allow`. `ask_user`: Gemini CLI allows commands on its own safe list. */
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

/** The rules of `PERMISSIONS=allow`; everything else would need approval, so it is denied at once. */
const RULES: Readonly<Record<Grant, (request: Pick<AgentRequest, 'sessionDir'>) => readonly Rule[]>> = {
  work: () => [READING, { tools: WRITERS }, { tools: ['run_shell_command'], allowRedirection: true }],
  documents: ({ sessionDir }) => [
    READING,
    { tools: WRITERS, argsPattern: below(sessionDir) },
    { tools: ['run_shell_command'], argsPattern: READING_COMMAND },
    { tools: ['run_shell_command'], argsPattern: UNSEEN_WRITING, decision: 'deny' },
    { tools: ['run_shell_command'], decision: 'ask_user' },
  ],
};

export function geminiPolicy(request: Pick<AgentRequest, 'phase' | 'sessionDir'>): string {
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
    // TOML strings are JSON strings.
    ...(argsPattern === undefined ? [] : [`argsPattern = ${JSON.stringify(argsPattern)}`]),
    ...(allowRedirection ? ['allowRedirection = true'] : []),
  ].join('\n');
}

/** Matches an absolute path in the folder, without `../`. */
function below(folder: string): string {
  const inJson = JSON.stringify(folder).slice(1, -1);
  const literally = inJson.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
  return String.raw`\x00"file_path":"${literally}/(?![^"]*\.\./)[^"]+"\x00`;
}

/** Partly quoted options are denied, too. */
const DENIED_OPTIONS = [...WRITING_OPTIONS, String.raw` -[^ =\x00]*['\\]`, String.raw`['"\\]-`];

/**
 * The signs from which a shell can make an option: expansions, braces, a blank other than space, a continued line.
 */
const MADE_BY_SHELL = ['[$`]', '[^@^][{]', String.raw`\\t`, String.raw`\\\\\\n`];

const COMMAND = String.raw`\x00"command":"`;
/** Rules apply to each part of a command line; Gemini CLI's list of safe commands judges the rest. */
const READING_COMMAND = String.raw`${COMMAND}(?:${READING_COMMANDS.join('|')})(?=[ "])(?![^\x00]*(?:${DENIED_OPTIONS.join('|')}))`;

/** Denied first, because Gemini CLI's list overlooks shell expansions and files that `uniq` writes. */
const UNSEEN_WRITING = String.raw`${COMMAND}(?:uniq (?!-[a-z]+")|[^\x00]*(?:${MADE_BY_SHELL.join('|')}))`;
