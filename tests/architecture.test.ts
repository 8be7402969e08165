import { readdir, readFile } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import {
  breaches,
  fileCircles,
  type ImportLaw,
  namesTwice,
  roomCircles,
  roomOf,
  type Tree,
} from './support/import-law.ts';

const BELOW_ACTS = ['base', 'phases', 'session', 'project', 'providers', 'sandbox'];

/** The acts, and which others each may import besides those that all may. */
const OTHER_ACTS = {
  // Asks GitHub about a pull request.
  proof: [],
  rewind: [],
  finish: [],
  // A round is published as a finish is.
  after: ['finish'],
  'clean-up': ['proof'],
  'set-up': ['proof'],
  // A reader of a session can read its proof.
  reading: ['proof'],
  gates: [],
  // `run` sets up a project, follows the session, and asks at its gates.
  sessions: ['proof', 'set-up', 'reading', 'gates', 'after'],
  // A labelled issue becomes a session.
  intake: ['sessions', 'after'],
  // What a machine would freeze for a session of its own.
  pool: ['sessions'],
  report: ['reading', 'gates'],
  // Comments become guidance, a goal, or changes to the plan.
  review: ['reading', 'gates', 'sessions'],
  watch: ['reading', 'gates'],
  // What a person does on the phone.
  notify: ['reading', 'gates', 'sessions'],
};
const EVERY_ACT = ['acts/common', ...Object.keys(OTHER_ACTS).map((act) => `acts/${act}`)];
const FOR_ACTS = [...BELOW_ACTS, 'forge', 'publish', 'pool', 'acts/common', 'kit/mcp', 'kit/terminal'];

/** A room may import itself and what is listed here; a single file of a room is a door into it. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  base: [],
  phases: ['base'],
  session: ['base', 'phases'],
  // The list of providers names their settings: a new agent CLI is a folder and a line there.
  project: ['base', 'phases', 'core/agents/registry.ts'],
  providers: ['base', 'phases', 'core/sandbox/guard/make-guard.ts', 'core/sandbox/guard/login-guard.ts'],
  sandbox: ['base', 'phases', 'project', 'providers'],
  forge: ['base'],
  publish: ['base', 'session', 'project', 'forge'],
  pool: BELOW_ACTS,
  worker: [...BELOW_ACTS, 'forge', 'publish'],
  'acts/common': [...BELOW_ACTS, 'pool'],
  'kit/mcp': [...BELOW_ACTS, 'acts/common'],
  'kit/terminal': [...BELOW_ACTS, 'acts/common'],
  ...Object.fromEntries(
    Object.entries(OTHER_ACTS).map(([act, others]) => [
      `acts/${act}`,
      [...FOR_ACTS, ...others.map((other) => `acts/${other}`)],
    ]),
  ),
  supervisor: [
    ...BELOW_ACTS,
    'forge',
    'pool',
    'acts/common',
    'acts/pool',
    'acts/after',
    'acts/intake',
    'acts/notify',
  ],
  machine: [...FOR_ACTS, 'acts/notify', 'acts/proof', 'acts/set-up', 'supervisor'],
  server: [...BELOW_ACTS, ...EVERY_ACT, 'kit/mcp', 'machine'],
  relay: [],
  // A program of its own, which shares its plan with the provider that writes it.
  'acp-runner': [
    'base',
    'extensions/acp/judge.ts',
    'extensions/acp/offers.ts',
    'extensions/acp/runner-plan.ts',
  ],
  // A program of its own: what repeats a proof, without what acts on sessions.
  action: ['base', 'phases', 'session', 'project', 'acts/proof'],
  rehearsal: ['base', 'phases', 'session'],
  demo: [...BELOW_ACTS, 'acts/common', 'acts/proof', 'core/kit/terminal/output.ts'],
  // MCP over HTTP is on the port of the page.
  web: [...BELOW_ACTS, ...EVERY_ACT, 'kit/terminal', 'app/server/http-sessions.ts'],
  cli: [...BELOW_ACTS, ...EVERY_ACT, 'kit/terminal', 'machine', 'demo', 'web'],
};

/**
 * The folders of a room, from the bottom up: a folder may import those of the rows before its own. `.` is the room's
 * own folder.
 */
const LAYERS = {
  base: [['.'], ['files'], ['processes']],
  session: [['layout'], ['events/bodies'], ['events'], ['documents'], ['commands', 'proof'], ['.']],
  project: [['git'], ['settings', 'checkpoints'], ['worktrees'], ['finding'], ['proving'], ['finishing']],
  providers: [['contract'], ['reading'], ['claude', 'codex', 'gemini', 'acp'], ['.'], ['starting']],
  worker: [
    ['documents'],
    ['core'],
    ['guarding', 'limits'],
    ['recording'],
    ['judging'],
    ['prompt'],
    ['commands'],
    ['proving'],
    ['finishing'],
    ['iteration'],
    ['loop'],
    ['.'],
  ],
  'acts/common': [['.'], ['places'], ['facts', 'preconditions']],
  'acts/notify': [['notice'], ['channels', 'telegram'], ['outbox'], ['.']],
  'acts/report': [['page'], ['.']],
  machine: [['install/package'], ['install'], ['service'], ['doctor'], ['set-up']],
  server: [['app'], ['resources'], ['prompts'], ['.']],
};

const STARTS_PROCESSES = [
  'core/sandbox/programs/launch-worker.ts',
  'core/sandbox/programs/launch-supervisor.ts',
  'core/sandbox/programs/run-child.ts',
  'core/project/git/git.ts',
  'core/kernel/processes/run-command.ts',
  'core/kernel/processes/run-at-terminal.ts',
  'extensions/rehearsal/agent/run-as-agent.ts',
  'core/sandbox/relay/main.ts',
  'extensions/acp/runner/main.ts',
];

const LAW: ImportLaw = {
  mayImport: MAY_IMPORT,
  layers: LAYERS,
  doors: {
    // An agent is started inside it.
    'core/sandbox/guard/make-guard.ts': ['core/sandbox/guard/mount.ts'],
    // A login shell, too.
    'core/sandbox/guard/login-guard.ts': ['core/sandbox/guard/make-guard.ts', 'core/sandbox/guard/mount.ts'],
    'core/kit/terminal/output.ts': ['core/kit/terminal/cli-errors.ts', 'core/kit/terminal/style.ts'],
  },
  packages: [
    { pattern: /^@modelcontextprotocol\//, only: ['kit/mcp', 'server', 'demo'] },
    { pattern: /^(?:@clack\/.*|fast-string-width|fast-wrap-ansi)$/, only: ['kit/terminal'] },
    {
      pattern: /^commander$/,
      only: [/\.command\.ts$/, 'core/acts/sessions/start-options.ts', 'kit/terminal', 'cli'],
    },
    { pattern: /^(?:node:)?(?:child_process|cluster)$|^execa$/, only: STARTS_PROCESSES },
    { pattern: /^(?:node:)?timers/, only: ['core/kernel/clock.ts'] },
    { pattern: /^chokidar$/, only: ['core/kernel/files/watcher.ts'] },
    { pattern: /^@agentclientprotocol\//, only: ['acp-runner', 'providers'] },
    { pattern: /^grammy\//, only: ['acts/notify'] },
    { pattern: /^diff2html$/, only: ['extensions/pages/web/diff-part.ts'] },
    { pattern: /^marked$/, only: ['extensions/pages/html/markdown-html.ts'] },
  ],
  uses: [
    {
      name: 'process.env',
      pattern: /\bprocess\s*\.\s*env\b/,
      // Without an explicit environment, a program would get samocode's.
      only: [/(?:^|\/)main\.ts$/, 'core/kernel/fault-points.ts', 'core/kernel/processes/run-command.ts'],
    },
    {
      name: 'the time',
      pattern: /\bDate\.now\b|\bnew Date\(\s*\)|\bperformance\.now\b/,
      only: ['core/kernel/clock.ts'],
    },
    {
      name: 'a timer',
      pattern: /\bset(?:Timeout|Interval)\s*\(/,
      // Of these, only the clock may be waited for: the others end a process that ignored SIGTERM, and draw a line
      // again.
      only: [
        'core/kernel/clock.ts',
        'core/kernel/processes/run-command.ts',
        'core/kit/terminal/progress-view.ts',
        /(?:^|\/)main\.ts$/,
      ],
    },
    {
      name: 'the program that runs us',
      // In Electron it cannot be started as Node; the rehearsal agent always runs on a real one.
      pattern: /\bprocess\s*\.\s*execPath\b/,
      only: ['core/sandbox/programs/node-path.ts', /^rehearsal\//],
    },
    {
      name: '`using` in a loop that catches',
      // As compiled, each later round throws the error of an earlier one again.
      pattern: /\b(?:for|while) \([^\n]*\) \{\n\s*try \{\n\s*(?:await )?using /,
      only: [],
    },
    { name: 'a hash', pattern: /\bcreateHash\b/, only: ['core/kernel/files/fingerprint.ts'] },
    { name: 'console', pattern: /\bconsole\s*\./, only: [] },
  ],
  // A scenario is a module of the person's own.
  computedImports: ['extensions/rehearsal/agent/scenario.ts'],
  // A use case serves tool, command and phone alike.
  never: [
    { files: /\.act\.ts$/, imports: /^kit\/|\.(?:tool|command)\.ts$/ },
    { files: /\.tool\.ts$|^server\//, imports: /^kit\/terminal\/|\.command\.ts$/ },
    { files: /\.command\.ts$|^cli\//, imports: /^kit\/mcp\/|\.tool\.ts$/ },
    { files: /^supervisor\//, imports: /\.(?:tool|command)\.ts$/ },
    // Notifications are sent without a chat or a terminal.
    { files: /^acts\/notify\/.+\//, imports: /^kit\// },
    // Pages are made of plain data.
    { files: /^acts\/report\/page\//, imports: /^(?!base\/|phases\/|acts\/report\/page\/)/ },
  ],
  maxLines: 400,
};

const src = fileURLToPath(new URL('../src', import.meta.url));
const modules = await modulesBelow(src);

test('every module of src complies with the law of the rooms', () => {
  expect(breaches(modules, LAW)).toEqual([]);
});

test('there are no import cycles between rooms', () => {
  expect(roomCircles(modules, LAW)).toEqual([]);
});

test('there are no import cycles between files, including types', () => {
  expect(fileCircles(modules)).toEqual([]);
});

/** A table or a switch that gives the text of a session's state, or of what it waits for. */
const WORDS_A_STATE =
  /Record<(?:WaitingFor|Status\['kind'\]|EventOf<'parked'>\['for'\]), string>|case '(?:qa_answers|plan_approval|file_update|human_action|limited|blocked|stopped)':(?:\s*\{\s*const [^;]*;)?\s*return (?:[`'][^`'\n]* |\{ brief)/;

test('core/session/words.ts is the only file of src with the text of a state', () => {
  const wording = Object.keys(modules).filter((path) => WORDS_A_STATE.test(modules[path] ?? ''));
  expect(wording).toEqual(['core/session/words.ts']);
});

test.each([
  'const WAITS: Readonly<Record<WaitingFor, string>> = {',
  "    case 'blocked':\n      return 'is blocked';",
  "    case 'qa_answers': {\n      const ids = open.join();\n      return `asks for ids`;",
])('a second text of a state is found: %s', (text) => {
  expect(WORDS_A_STATE.test(text)).toBe(true);
});

test('no two files of src export the same name', () => {
  expect(namesTwice(modules)).toEqual([]);
});

test('no folder of src has more than 25 files', () => {
  const folders = Object.keys(modules).map((path) => path.replace(/\/[^/]+$/, ''));
  const full = [...new Set(folders)].filter(
    (folder) => folders.filter((each) => each === folder).length > 25,
  );
  expect(full).toEqual([]);
});

test('the law was tested with real modules of every listed room that exists', () => {
  expect(Object.keys(modules).length).toBeGreaterThan(20);
  expect(Object.keys(MAY_IMPORT)).toEqual(expect.arrayContaining(Object.keys(modules).map(roomOf)));
});

const door = { 'worker/loop.ts': '', 'core/kit/terminal/output.ts': '', 'core/kit/terminal/ask.ts': '' };
const lower = {
  'core/kernel/errors.ts': '',
  'session/paths.ts': '',
  'app/server/main.ts': '',
  'core/kit/mcp/tool.ts': '',
};

test.each<[string, Tree, string]>([
  ['an import upwards', { 'base/a.ts': "import { x } from '../session/paths.ts';" }, 'session/paths.ts'],
  ['a type', { 'phases/a.ts': "import type { X } from '../session/paths.ts';" }, 'session/paths.ts'],
  ['a type named in place', { 'phases/a.ts': "type X = import('../session/paths.ts').X;" }, 'session/paths'],
  ['a late import', { 'session/a.ts': "await import('../server/main.ts');" }, 'app/server/main.ts'],
  [
    'a late import in a template',
    { 'session/a.ts': '`$'.concat("{import('../server/main.ts')}`") },
    'app/server/main.ts',
  ],
  ['an import of a name computed at run time', { 'cli/a.ts': 'await import(name);' }, 'not written out'],
  [
    'an export from above',
    { 'project/a.ts': "export { x } from '../session/paths.ts';" },
    'session/paths.ts',
  ],
  ['an import for its effect', { 'providers/a.ts': "import '../session/paths.ts';" }, 'session/paths.ts'],
  [
    'an import of many lines',
    { 'base/a.ts': "import {\n  x,\n} from '../session/paths.ts';" },
    'session/paths',
  ],
  ['server using the worker', { 'server/a.ts': "import { x } from '../worker/loop.ts';" }, 'worker/loop'],
  [
    'the worker using the supervisor',
    { 'worker/a.ts': "import { x } from '../supervisor/look.ts';", 'supervisor/look.ts': '' },
    'supervisor/look',
  ],
  [
    'worker using the server',
    { 'worker/a.ts': "import { x } from '../server/main.ts';" },
    'app/server/main.ts',
  ],
  [
    'an act using the worker',
    { 'acts/gates/a.ts': "import { x } from '../../worker/loop.ts';" },
    'worker/loop.ts',
  ],
  [
    'an act using another that its row does not name',
    { 'acts/gates/a.ts': "import { x } from '../finish/b.ts';", 'acts/finish/b.ts': '' },
    'acts/finish/b.ts',
  ],
  [
    'what acts share using an act',
    { 'acts/common/a.ts': "import { x } from '../gates/b.ts';", 'acts/gates/b.ts': '' },
    'acts/gates/b.ts',
  ],
  [
    'the kit using an act',
    { 'kit/mcp/a.ts': "import { x } from '../../acts/gates/b.ts';", 'acts/gates/b.ts': '' },
    'acts/gates/b.ts',
  ],
  [
    'a use case that prints',
    { 'acts/gates/a.act.ts': "import { x } from '../../kit/terminal/ask.ts';" },
    'no file of this kind',
  ],
  [
    'a tool that asks at a terminal',
    { 'acts/gates/a.tool.ts': "import { x } from '../../kit/terminal/ask.ts';" },
    'no file of this kind',
  ],
  [
    'a command that uses the parts of tools',
    { 'acts/gates/a.command.ts': "import { x } from '../../kit/mcp/tool.ts';" },
    'no file of this kind',
  ],
  [
    'a server that uses a command',
    { 'server/a.ts': "import { x } from '../acts/gates/b.command.ts';", 'acts/gates/b.command.ts': '' },
    'no file of this kind',
  ],
  [
    'a notification that uses the terminal',
    { 'acts/notify/outbox/a.ts': "import { x } from '../../../kit/terminal/ask.ts';" },
    'no file of this kind',
  ],
  [
    'a page that reads a session',
    { 'acts/report/page/a.ts': "import { x } from '../../../session/paths.ts';" },
    'no file of this kind',
  ],
  ['demo past the door', { 'demo/a.ts': "import { x } from '../kit/terminal/ask.ts';" }, 'terminal/ask.ts'],
  [
    'a door that pulls in its room',
    { 'core/kit/terminal/output.ts': "import { x } from './ask.ts';" },
    'drags it along',
  ],
  [
    'a folder that uses one above it',
    { 'worker/core/a.ts': "import { x } from '../loop/run-worker.ts';" },
    'not below core/',
  ],
  [
    'sibling folders that use each other',
    { 'worker/limits/a.ts': "import { x } from '../guarding/guard.ts';" },
    'not below limits/',
  ],
  [
    'a folder without a row',
    { 'worker/misc/a.ts': "import { x } from '../core/worker.ts';" },
    'no known row',
  ],
  ['a module outside src', { 'base/a.ts': "import { x } from '../../tests/x.ts';" }, 'outside src/'],
  ['an unknown room', { 'utils/a.ts': '' }, 'no known room'],
  [
    'the SDK elsewhere',
    { 'acts/gates/a.ts': "import { C } from '@modelcontextprotocol/sdk/c.js';" },
    'sdk/c.js',
  ],
  [
    'a process started elsewhere',
    { 'session/a.ts': "import { spawn } from 'node:child_process';" },
    'child_p',
  ],
  ['execa elsewhere', { 'project/a.ts': "import { execa } from 'execa';" }, 'execa'],
  ['chokidar elsewhere', { 'session/a.ts': "import { watch } from 'chokidar';" }, 'chokidar'],
  ['a hash', { 'worker/a.ts': "createHash('sha256');" }, 'a hash'],
  ['the environment', { 'worker/a.ts': 'const home = process.env.HOME;' }, 'process.env'],
  ['the environment in a template', { 'worker/a.ts': '`$'.concat('{process.env.HOME}`') }, 'process.env'],
  ['the time', { 'worker/a.ts': 'const now = Date.now();' }, 'the time'],
  ['today', { 'worker/a.ts': 'const now = new Date();' }, 'the time'],
  ['a timer', { 'session/a.ts': 'setTimeout(run, 5);' }, 'a timer'],
  [
    'a promised timer',
    { 'session/a.ts': "import { setTimeout } from 'node:timers/promises';" },
    'node:timers',
  ],
  ['console', { 'cli/a.ts': "console.log('x');" }, 'console'],
  ['a long file', { 'base/a.ts': 'x;\n'.repeat(401) }, '401 lines'],
])('the law refuses %s', (_name, tree, words) => {
  const found = breaches({ ...door, ...lower, ...tree }, LAW);
  expect(found).toEqual([expect.stringContaining(words)]);
});

test.each<[string, Tree]>([
  ['an import downwards', { 'server/a.ts': "import { x } from '../session/paths.ts';" }],
  ['the door', { 'demo/a.ts': "import '../kit/terminal/output.ts';" }],
  ['markdown from anywhere', { 'worker/a.ts': "import text from '../../agents/a.md';" }],
  ['the environment in a main file', { 'extensions/rehearsal/agent/main.ts': 'start(process.env);' }],
  [
    'an import in a comment',
    { 'base/a.ts': "// import '../session/paths.ts'\nconst a = `import '../b.ts'`;" },
  ],
  [
    'code in a string',
    { 'base/a.ts': "const a = 'Date.now()', b = /console.log/, c = `process.env`; /* setTimeout( */" },
  ],
  ['a division next to a quote', { 'base/a.ts': "const a = b / 2; const c = 'x / y'; // it's" }],
])('the law allows %s', (_name, tree) => {
  expect(breaches({ ...door, ...lower, ...tree }, LAW)).toEqual([]);
});

test('a cycle of rooms is found, and a door does not close one', () => {
  const circle = { 'session/a.ts': "import '../project/b.ts';", 'project/b.ts': "import '../session/c.ts';" };
  expect(roomCircles(circle, LAW)).toEqual(['session -> project -> session']);
  const throughDoor = {
    'kit/terminal/a.ts': "import '../../demo/b.ts';",
    'demo/b.ts': "import '../kit/terminal/output.ts';",
  };
  expect(roomCircles(throughDoor, LAW)).toEqual([]);
});

test('a cycle of files is found through types', () => {
  const tree = {
    'base/a.ts': "import type { B } from './b.ts';",
    'base/b.ts': "import { c } from './c.ts';",
  };
  expect(fileCircles({ ...tree, 'base/c.ts': '' })).toEqual([]);
  const closed = { ...tree, 'base/c.ts': "import type { A } from './a.ts';" };
  expect(fileCircles(closed)).toEqual(['base/a.ts -> base/b.ts -> base/c.ts -> base/a.ts']);
});

test('a name that two files export is found', () => {
  const tree = { 'base/a.ts': 'export function read() {}', 'session/b.ts': 'export type read = 1;' };
  expect(namesTwice(tree)).toEqual(['read: base/a.ts, session/b.ts']);
  expect(namesTwice({ 'base/a.ts': 'export const Read = 1;\nexport type Read = number;' })).toEqual([]);
});

async function modulesBelow(folder: string): Promise<Tree> {
  const names = await readdir(folder, { recursive: true });
  const paths = names.filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'));
  const entries = paths.map(async (path) => [
    path.replaceAll(sep, '/'),
    await readFile(join(folder, path), 'utf8'),
  ]);
  return Object.fromEntries(await Promise.all(entries));
}
