import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { visibleIn } from '../../../../src/app/cli/program.ts';
import { makeProgram } from '../../../../src/app/cli/whole-program.ts';
import type { Cli } from '../../../../src/core/faces/terminal/cli.ts';

/** What a terminal offers instead, or why it needs nothing. */
type Instead = { instead: string };
const PAGES: Instead = { instead: 'the pager' };

const limitsOf = (command: string) =>
  ['cost-usd', 'tokens', 'hours', 'iterations'].map((limit) => `${command} --max-${limit}`);

/** The command that does what a tool does; arguments with the same name need no row. */
const COMMAND_OF: Readonly<Record<string, string>> = {
  ...{ setup_project: 'init', start_session: 'start', list_sessions: 'list', get_status: 'status' },
  ...{ wait: 'wait', read_qa: 'answer', answer_qa: 'answer', read_plan: 'plan', approve_plan: 'approve' },
  ...{ request_changes: 'changes', send_message: 'message', stop_session: 'stop' },
  ...{ resume_session: 'resume', read_session: 'show' },
  ...{ rewind_session: 'rewind', finish_session: 'finish' },
};

/** Where a terminal names it otherwise or several times, or offers something else. */
const IN_TERMINAL: Record<string, Record<string, string[] | Instead>> = {
  setup_project: {
    project_dir: ['init [folder]'],
    provider: ['init --set'],
    check: ['init --set'],
    trust: ['trust [folder]', 'trust --yes'],
    init_repository: ['init --git-init'],
  },
  start_session: {
    from_chat: ['start --chat'],
    brief: { instead: 'start --chat, which reads the chat itself' },
    limits: limitsOf('start'),
    timeout_s: ['start --timeout'],
    where: ['start --pool'],
    start: ['start --no-run'],
    again: { instead: 'start, which always starts another one' },
  },
  list_sessions: { all_projects: ['list --all'], state: ['list --state', 'list --archived'] },
  wait: {
    session: ['wait [sessions]'],
    cursor: { instead: 'log --follow, which leaves nothing out' },
    timeout_s: ['wait --timeout'],
  },
  read_qa: {
    session: ['answer <session>', 'answer --show'],
    all: { instead: 'answer --show, which shows all' },
  },
  answer_qa: { hash: { instead: 'answer, which prints the questions and answers those' } },
  stop_session: { group: ['stop --group', 'stop --all'], when: ['stop --now'] },
  resume_session: {
    from: ['round <session>'],
    limits: limitsOf('resume'),
  },
  read_session: {
    session: ['show <session>', 'log <session>', 'diff <session>'],
    what: ['show [document]', 'log --lines'],
    iteration: ['log --iteration', 'diff --iteration'],
    cursor: ['diff --new'],
    path: ['diff [path]'],
  },
  rewind_session: { confirm: ['rewind --yes'] },
  finish_session: {
    session: ['finish <session>', 'archive <session>', 'unarchive <session>'],
    how: [
      'finish --merge',
      'finish --pull-request',
      'finish --keep-branch',
      'finish --discard',
      'archive --documents',
    ],
    keep: ['archive --keep'],
    watch: ['finish --watch', 'finish --no-watch'],
    confirm: ['finish --yes', 'archive --yes'],
  },
};

/** Commands that only a terminal has, and why no tool does. */
const TERMINAL_ONLY: Record<string, string> = {
  'run [session]': 'follows a session on the screen; a chat waits',
  'run --ask': 'questions at the terminal; a chat relays them',
  'run --no-ask': 'likewise',
  'run --yes': 'a chat creates a missing project with setup_project',
  'start --yes': 'likewise',
  'start --review': 'only a person decides that quick work must be reviewed whatever its size',
  'resume --phase': 'a person names where it continues; a chat says in a note what is to be done',
  'finish --with-answers': 'only a person may decide who reads their answers',
  'init --yes': 'a chat passes the check that it wants',
  'plan --edit': 'opens an editor; a chat asks for changes',
  'approve --yes': 'a chat asks in a form, or passes the hash',
  demo: 'a session to look at',
  every: 'only a person may decide about work that recurs without them',
  'log --follow': 'a chat waits',
  'why <file>': 'a chat can derive it from read_session',
  'why [session]': 'likewise',
  'verify [session|proof]': 'runs commands of a proof, to which only a person may agree',
  'verify --pull-request': 'runs code of others, to which only a person may agree',
  'verify --yes': 'likewise',
  pool: 'only a person may decide which machines get the work',
  review: 'opens the person’s own editor; a chat passes on comments with send_message',
  services: 'opens the application for a person; agents and checks have their own',
  watch: 'a screen; a chat waits',
  web: 'a page for a person',
  report: 'a page for a browser; a chat gets the same from read_session',
  prune: 'only a person may decide what is deleted from their disk',
  worktrees: 'likewise',
  cost: 'about every project; get_status has the cost of one session',
  config: 'setup_project says what is wrong',
  doctor: 'setup_project runs its checks',
  install: 'puts the tools into the client',
  uninstall: 'likewise',
  supervisor: 'a process of the machine',
  import: 'only a person knows which old folder to continue',
  takeover: 'only a person knows that a machine is gone for good',
  notify: 'the person’s own channels',
  mute: 'likewise',
  'message --withdraw': 'only a person takes back a message; a chat sends a correction',
  completion: 'for shells',
};

// Not used until a command runs.
const program = makeProgram({ output: { columns: 80 } } as Cli);
const COMMON = ['--project', '--json', '--no-color', '--no-pager'];

/** `start --task`, `stop <session>`: everything that can be typed, except common options. */
const TYPED = visibleIn(program)
  .filter((command) => command.name() !== 'help')
  .flatMap((command) => {
    const options = command.options
      .flatMap(({ long }) => long ?? [])
      .filter((long) => !COMMON.includes(long));
    const words = command.registeredArguments.map((word) =>
      word.required ? `<${word.name()}>` : `[${word.name()}]`,
    );
    return [...options, ...words].map((each) => `${command.name()} ${each}`);
  });
const STARTS = new Set(
  TYPED.filter((each) => each.startsWith('start ')).map((each) => each.replace('start', 'run')),
);

const GOLDEN = join(import.meta.dirname, '../../../golden/tools');
const TOOLS = readdirSync(GOLDEN)
  .filter((name) => name.endsWith('.json'))
  .map((name) => {
    const { inputSchema } = JSON.parse(readFileSync(join(GOLDEN, name), 'utf8'));
    const { options = {}, ...listed } = inputSchema.properties;
    const names = [...Object.keys(listed), ...Object.keys(options.properties ?? {})].filter(
      (each) => each !== 'project_dir',
    );
    return [
      name.replace('.json', ''),
      name === 'setup_project.json' ? ['project_dir', ...names] : names,
    ] as const;
  });

/** What can be typed instead of an argument of a tool. */
function typedFor(tool: string, name: string): string[] {
  const told = name === 'offset' ? PAGES : IN_TERMINAL[tool]?.[name];
  if (told !== undefined) return 'instead' in told ? [] : told;
  const command = COMMAND_OF[tool];
  return [`${command} --${name.replaceAll('_', '-')}`, `${command} <${name}>`, `${command} [${name}]`].filter(
    (each) => TYPED.includes(each),
  );
}

test.each(TOOLS)('every argument of %s has an equivalent in a terminal', (tool, names) => {
  const told = IN_TERMINAL[tool] ?? {};
  expect(Object.keys(told).filter((name) => !names.includes(name))).toEqual([]);
  const isSaid = (name: string) => name === 'offset' || 'instead' in (told[name] ?? {});
  expect(names.filter((name) => !isSaid(name) && typedFor(tool, name).length === 0)).toEqual([]);
  expect(names.flatMap((name) => typedFor(tool, name)).filter((each) => !TYPED.includes(each))).toEqual([]);
});

test('every argument in a terminal has an equivalent in a tool, or a reason to have none', () => {
  const known = new Set(TOOLS.flatMap(([tool, names]) => names.flatMap((name) => typedFor(tool, name))));
  const alone = (each: string) => each in TERMINAL_ONLY || (each.split(' ')[0] ?? '') in TERMINAL_ONLY;
  // `run` accepts what `start` accepts.
  expect(TYPED.filter((each) => !known.has(each) && !alone(each) && !STARTS.has(each))).toEqual([]);
});
