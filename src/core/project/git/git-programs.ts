import * as z from 'zod';
import { shellQuoted } from '../../kernel/shell-quoted.ts';

/** Key and value, as in `git config --list`: the key is in lower case except between the dots. */
export const Setting = z.tuple([z.string(), z.string()]);
export type Setting = z.infer<typeof Setting>;

type Environment = Readonly<Record<string, string | undefined>>;

interface ProgramSetting {
  key: RegExp;
  /** The value to use if only an agent has set it. */
  harmless: string | ((env: Environment) => string);
  /** Multi-valued; an empty value clears those before it. */
  isList?: true;
}

/**
 * Settings of a repository that could make our git calls run a program. Excluded: those disabled in every call (hooks,
 * monitors, editors, pagers: see `runGit`), those git reads only from the user's own files
 * (`uploadpack.packObjectsHook`), and aliases, which never replace a git command.
 */
const PROGRAMS: readonly ProgramSetting[] = [
  // Empty: files are stored unfiltered.
  { key: /^filter\..+\.(?:clean|smudge|process)$/s, harmless: '' },
  { key: /^filter\..+\.required$/s, harmless: 'false' },
  { key: /^core\.sshcommand$/, harmless: ({ GIT_SSH }) => (GIT_SSH ? shellQuoted(GIT_SSH) : 'ssh') },
  { key: /^core\.gitproxy$/, harmless: 'none' },
  { key: /^credential\.(?:.+\.)?helper$/s, harmless: '', isList: true },
  // Any command may run it, if a planted promisor remote is asked for a missing object; see `runGit`.
  { key: /^remote\..+\.uploadpack$/s, harmless: 'git-upload-pack' },
  { key: /^remote\..+\.receivepack$/s, harmless: 'git-receive-pack' },
  { key: /^remote\..+\.vcs$/s, harmless: '' },
  { key: /^diff\.external$/, harmless: 'true' },
  { key: /^diff\..+\.command$/s, harmless: 'true' },
  { key: /^diff\..+\.textconv$/s, harmless: 'cat' },
  { key: /^merge\..+\.driver$/s, harmless: 'false' },
  { key: /^gpg\.(?:.+\.)?program$/s, harmless: 'false' },
  { key: /^gpg\.ssh\.defaultkeycommand$/, harmless: 'true' },
  { key: /^hook\..+\.command$/s, harmless: 'true' },
  { key: /^trailer\..+\.(?:command|cmd)$/s, harmless: 'true' },
  { key: /^interactive\.difffilter$/, harmless: 'cat' },
  { key: /^submodule\..+\.update$/s, harmless: 'none' },
  { key: /^init\.templatedir$/, harmless: '' },
  // Programs that the user's own LFS filter would start.
  { key: /^lfs\.customtransfer\..+\.path$/s, harmless: 'false' },
  { key: /^lfs\.(?:.+\.)?standalonetransferagent$/s, harmless: '' },
  { key: /^lfs\.extension\..+\.(?:clean|smudge)$/s, harmless: '' },
];

export function namesProgram([key]: Setting): boolean {
  return PROGRAMS.some((program) => program.key.test(key));
}

/** Disabled in all our calls; git runs them for people and agents. */
const ONLY_FOR_OTHERS =
  /^(?:core\.(?:hookspath|fsmonitor|pager|editor|askpass|alternaterefscommand)|sequence\.editor|pager\..+|alias\..+|(?:diff|merge)tool\..+\.cmd)$/s;
/** Keys whose value is a command only with a leading `!`. */
const COMMAND_BY_MARK = /^(?:alias\..+|submodule\..+\.update)$/s;
const BOOLEAN = /^(?:true|false|yes|no|on|off|[01])?$/i;

export function executes([key, value]: Setting): boolean {
  if (COMMAND_BY_MARK.test(key)) return value.startsWith('!');
  if (key !== 'core.hookspath' && BOOLEAN.test(value)) return false;
  return ONLY_FOR_OTHERS.test(key) || namesProgram([key, value]);
}

/**
 * Settings for calls where those of the repository could not be read: which filters and drivers it names is unknown, so
 * only commands run that start none.
 */
export const UNREAD_SETTINGS: readonly Setting[] = [['samocode.settings', 'unread']];

export function areUnread(config: readonly Setting[] = []): boolean {
  return config.some(([key]) => key === UNREAD_SETTINGS[0]?.[0]);
}

/** Names of filters that can write other bytes into the worktree than the repository has. */
export function smudgingFilters(settings: readonly Setting[]): string[] {
  return settings
    .filter(([key, value]) => SMUDGES.test(key) && value !== '' && value !== 'cat')
    .map(([key]) => key.slice('filter.'.length, key.lastIndexOf('.')));
}

const SMUDGES = /^filter\..+\.(?:smudge|process)$/s;

interface ProgramSettings {
  /** Settings of the repository and its worktree, in the order in which git reads them. */
  repository: readonly Setting[];
  /** Settings of the user and the machine. */
  outside: readonly Setting[];
}

/**
 * Settings for our calls that undo what has changed since `before`: previous values stay in effect, and no program
 * planted since is started.
 */
export function undoChanged(before: ProgramSettings, now: ProgramSettings, env: Environment): Setting[] {
  const known = [...before.outside, ...before.repository];
  const all = [...known, ...now.outside, ...now.repository];
  const differs = (key: string, of: keyof ProgramSettings) =>
    String(valuesOf(before[of], key)) !== String(valuesOf(now[of], key));
  const changed = [...new Set(all.map(([key]) => key))].filter(
    (key) => differs(key, 'repository') || differs(key, 'outside'),
  );
  const lists = PROGRAMS.filter(({ key, isList }) => isList && changed.some((name) => key.test(name)));
  return [
    ...changed.flatMap((key) => single(key, known, env)),
    ...lists.flatMap((list): Setting[] => [
      ['credential.helper', ''],
      ...known.filter(([key]) => list.key.test(key)),
    ]),
  ];
}

function single(key: string, known: readonly Setting[], env: Environment): Setting[] {
  const program = PROGRAMS.find((each) => each.key.test(key));
  if (program === undefined || program.isList) return [];
  const { harmless } = program;
  return [[key, valuesOf(known, key).at(-1) ?? (typeof harmless === 'string' ? harmless : harmless(env))]];
}

function valuesOf(settings: readonly Setting[], key: string): string[] {
  return settings.filter(([name]) => name === key).map(([, value]) => value);
}
