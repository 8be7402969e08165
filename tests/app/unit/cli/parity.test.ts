import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeProgram } from '../../../../src/app/cli/whole-program.ts';
import { START_CHOICE_ROWS } from '../../../../src/core/acts/sessions/start/start-choices.ts';
import type { Cli } from '../../../../src/core/faces/terminal/cli.ts';

/** What a terminal offers instead, or why it needs nothing. */
type Instead = { instead: string };
const PAGES: Instead = { instead: 'the pager' };

const typedOf = (option: string) => `start ${/--[a-z-]+/.exec(option)?.[0]}`;

/** The terminal equivalent of each argument of each tool: a command and its option or argument. */
const IN_TERMINAL: Record<string, Record<string, string[] | Instead>> = {
  setup_project: {
    project_dir: ['init [folder]'],
    provider: ['init --set'],
    check: ['init --set'],
    sessions: ['init --sessions'],
    worktrees: ['init --worktrees'],
    trust: ['trust [folder]', 'trust --yes'],
    init_repository: ['init --git-init'],
  },
  start_session: {
    ...Object.fromEntries(
      START_CHOICE_ROWS.flatMap(([name, { kind, option, isForTerminal }]) => {
        if (kind === 'limit' || isForTerminal || option === undefined) return [];
        const snake = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
        return [[kind === 'seconds' ? `${snake}_s` : snake, [typedOf(option)]]];
      }),
    ),
    from_chat: ['start --chat'],
    brief: { instead: 'start --chat, which reads the chat itself' },
    limits: START_CHOICE_ROWS.flatMap(([, { kind, option = '' }]) =>
      kind === 'limit' ? [typedOf(option)] : [],
    ),
    start: ['start --no-run'],
    again: { instead: 'start, which always starts another one' },
  },
  list_sessions: {
    all_projects: ['list --all'],
    group: ['list --group'],
    state: ['list --state', 'list --archived'],
    offset: PAGES,
  },
  get_status: { session: ['status [session]'], group: ['status --group'] },
  wait: {
    session: ['wait [sessions]'],
    sessions: ['wait [sessions]'],
    group: ['wait --group'],
    cursor: { instead: 'log --follow, which leaves nothing out' },
    until: ['wait --until'],
    timeout_s: ['wait --timeout'],
  },
  read_qa: {
    session: ['answer <session>', 'answer --show'],
    all: { instead: 'answer --show, which shows all' },
    offset: PAGES,
  },
  answer_qa: {
    session: ['answer <session>'],
    answers: ['answer [answers]'],
    accept_suggestions: ['answer --accept-suggestions'],
    confirm_typed: ['answer --confirm-typed'],
    hash: { instead: 'answer, which prints the questions and answers those' },
    replace: ['answer --replace'],
  },
  read_plan: { session: ['plan <session>'], offset: PAGES },
  approve_plan: { session: ['approve <session>'], hash: ['approve --hash'] },
  request_changes: { session: ['changes <session>'], feedback: ['changes <feedback>'] },
  send_message: { session: ['message <session>'], text: ['message [text]'] },
  stop_session: { session: ['stop [session]'], group: ['stop --group', 'stop --all'], when: ['stop --now'] },
  resume_session: {
    session: ['resume <session>'],
    note: ['resume --note'],
    goal: ['resume --goal'],
    from: ['round <session>'],
    provider: ['resume --provider'],
    model: ['resume --model'],
    limits: ['resume --max-cost-usd', 'resume --max-tokens', 'resume --max-hours', 'resume --max-iterations'],
  },
  read_session: {
    session: ['show <session>', 'log <session>', 'diff <session>'],
    what: ['show [document]', 'log --lines'],
    document: ['show [document]'],
    iteration: ['log --iteration', 'diff --iteration'],
    cursor: ['diff --new'],
    path: ['diff [path]'],
    offset: PAGES,
  },
  rewind_session: {
    session: ['rewind <session>'],
    to: ['rewind --to'],
    undo: ['rewind --undo'],
    confirm: ['rewind --yes'],
  },
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
const TYPED = program
  .createHelp()
  .visibleCommands(program)
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
    const names = Object.keys(inputSchema.properties).filter((each) => each !== 'project_dir');
    return [
      name.replace('.json', ''),
      name === 'setup_project.json' ? ['project_dir', ...names] : names,
    ] as const;
  });

test.each(TOOLS)('every argument of %s has an equivalent in a terminal', (tool, names) => {
  const table = IN_TERMINAL[tool] ?? {};
  expect(Object.keys(table).sort()).toEqual([...names].sort());
  const listed = Object.values(table).flatMap((each) => ('instead' in each ? [] : each));
  expect(listed.filter((each) => !TYPED.includes(each))).toEqual([]);
});

test('every argument in a terminal has an equivalent in a tool, or a reason to have none', () => {
  const known = new Set(
    Object.values(IN_TERMINAL).flatMap((table) =>
      Object.values(table).flatMap((each) => ('instead' in each ? [] : each)),
    ),
  );
  const alone = (each: string) => each in TERMINAL_ONLY || (each.split(' ')[0] ?? '') in TERMINAL_ONLY;
  // `run` accepts what `start` accepts.
  expect(TYPED.filter((each) => !known.has(each) && !alone(each) && !STARTS.has(each))).toEqual([]);
});
