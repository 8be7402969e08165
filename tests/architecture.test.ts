import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import {
  breaches,
  fileCircles,
  type ImportLaw,
  namesTwice,
  reachOf,
  type Tree,
} from './support/import-law.ts';
import { sourceText } from './support/source-text.ts';

// That core imports no extension, and an extension no other, is what the compiler says (tsconfig.json, and
// tests/app/processes/compiled-law.test.ts).

/** The folders of core, from the bottom up: a folder may import those of the rows before its own. */
const FLOORS = [
  // A relay is a separate program.
  ['core/kernel', 'core/sandbox/relay'],
  ['core/kernel/files', 'core/kernel/phases'],
  ['core/kernel/processes'],
  ['core/session/layout'],
  ['core/session/events/bodies'],
  ['core/session/events'],
  ['core/session/log'],
  ['core/session/documents'],
  ['core/session/commands', 'core/session/proof'],
  ['core/session/folder'],
  ['core/session/waits', 'core/session/words'],
  ['core/agents/contract'],
  ['core/agents/reading'],
  ['core/agents/claude', 'core/agents/codex', 'core/agents/gemini'],
  ['core/agents'],
  ['core/project/git'],
  ['core/project/settings', 'core/project/checkpoints'],
  ['core/project/worktrees'],
  ['core/project/finding'],
  ['core/project/proving'],
  ['core/project/finishing'],
  ['core/sandbox/guard', 'core/sandbox/private-git'],
  ['core/sandbox/programs'],
  ['core/sandbox'],
  // A form check is a separate program.
  ['core/worker/documents', 'core/worker/form-check'],
  ['core/worker/state'],
  ['core/worker/guarding', 'core/worker/limits'],
  ['core/worker/record'],
  ['core/worker/prompt'],
  ['core/worker/commands'],
  ['core/worker/judge'],
  ['core/worker/finish'],
  ['core/worker/iteration'],
  ['core/worker/loop'],
  ['core/caller/errors'],
  ['core/caller/context'],
  ['core/caller/facts'],
  ['core/caller/commands'],
  ['core/caller/refusals'],
  ['core/faces/package', 'core/faces/mcp', 'core/faces/terminal'],
  ['core/acts/proof', 'core/acts/rewind', 'core/acts/finish', 'core/acts/gates'],
  // A reader of a session can read its proof.
  ['core/acts/clean-up', 'core/acts/set-up', 'core/acts/reading'],
  // `run` sets up a project, follows the session, and asks at its gates.
  ['core/acts/sessions/start'],
  ['core/acts/sessions'],
  ['core/supervisor'],
];

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
  floors: FLOORS,
  packages: [
    {
      pattern: /^@modelcontextprotocol\//,
      only: [
        'core/faces/mcp',
        'app/server',
        'extensions/pages/card',
        'extensions/tasks',
        'extensions/rehearsal/demo/chat.ts',
      ],
    },
    { pattern: /^(?:@clack\/.*|fast-string-width|fast-wrap-ansi)$/, only: ['core/faces/terminal'] },
    {
      pattern: /^commander$/,
      only: [
        /\.command\.ts$/,
        'core/acts/sessions/start/start-options.ts',
        'core/faces/terminal',
        'app/cli',
        'extensions/rehearsal/demo/demo.ts',
      ],
    },
    { pattern: /^(?:node:)?(?:child_process|cluster)$|^execa$/, only: STARTS_PROCESSES },
    { pattern: /^(?:node:)?timers/, only: ['core/kernel/clock.ts'] },
    { pattern: /^chokidar$/, only: ['core/kernel/files/watcher.ts'] },
    { pattern: /^@agentclientprotocol\//, only: ['extensions/acp'] },
    { pattern: /^grammy\//, only: ['extensions/notify'] },
    // Its regular expressions can take long, so it runs in a thread.
    { pattern: /^highlight\.js/, only: ['extensions/pages/web/diff/colours'] },
    {
      pattern: /^(?:node:)?worker_threads$/,
      only: ['extensions/pages/web/diff/colouring.ts', 'extensions/pages/web/diff/colours/main.ts'],
    },
    { pattern: /^marked$/, only: ['extensions/pages/html/markdown.ts'] },
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
        'core/faces/terminal/progress-view.ts',
        /(?:^|\/)main\.ts$/,
      ],
    },
    {
      name: 'the program that runs us',
      // In Electron it cannot be started as Node; the rehearsal agent always runs on a real one.
      pattern: /\bprocess\s*\.\s*execPath\b/,
      only: ['core/sandbox/programs/node-path.ts', 'extensions/rehearsal'],
    },
    {
      name: '`using` in a loop that catches',
      // As compiled, each later round throws the error of an earlier one again.
      pattern: /\b(?:for|while) \([^\n]*\) \{\n\s*try \{\n\s*(?:await )?using /,
      only: [],
    },
    {
      name: 'folders made by Node',
      // It reports a full disk as a missing file.
      pattern: /\bmkdir(?:Sync)?\([^;]*\brecursive: true/,
      only: [],
    },
    { name: 'a hash', pattern: /\bcreateHash\b/, only: ['core/kernel/files/fingerprint.ts'] },
    { name: 'console', pattern: /\bconsole\s*\./, only: [] },
  ],
  // A scenario is a module of the person's own.
  computedImports: ['extensions/rehearsal/agent/scenario.ts'],
  never: [
    // A session's worker and what acts on the session meet in its folder.
    {
      files: /^core\/(?:caller|faces|acts|supervisor)\/|\.(?:act|tool|command)\.ts$/,
      imports: /^core\/worker\//,
    },
    { files: /\/worker\//, imports: /^core\/(?:caller|faces|acts|supervisor)\// },
    // A session is read without its project, its agents and their sandbox, and these without the session.
    { files: /^core\/(?:agents|project|sandbox)\//, imports: /^core\/session\// },
    // A use case serves tool, command and phone alike.
    { files: /\.act\.ts$/, imports: /^core\/faces\/|\.(?:tool|command)\.ts$/ },
    { files: /\.tool\.ts$|^app\/server\//, imports: /^core\/faces\/terminal\/|\.command\.ts$/ },
    { files: /\.command\.ts$|^app\/cli\//, imports: /^core\/faces\/mcp\/|\.tool\.ts$/ },
    { files: /^core\/supervisor\//, imports: /\.(?:tool|command)\.ts$/ },
    // Notifications are sent without a chat or a terminal.
    { files: /^extensions\/notify\/.+\//, imports: /^core\/faces\// },
    // Pages are made of plain data.
    { files: /^extensions\/pages\/html\//, imports: /^(?!core\/kernel\/|extensions\/pages\/html\/)/ },
    // The live screen, the page and the card share rows, and none of them needs another; only the screen serves the page.
    {
      files: /^extensions\/pages\/(?:card|html|report|rows|web)\//,
      imports: /^extensions\/pages\/watch\//,
    },
    { files: /^extensions\/pages\/(?:card|html|report|rows)\//, imports: /^extensions\/pages\/web\/.+\.ts$/ },
    // Separate programs, which contain only what they need.
    {
      files: /^extensions\/(?:acp\/runner|rehearsal\/agent|github\/action)\//,
      imports: /^core\/(?:worker|supervisor|caller|faces|acts\/(?!proof\/))/,
    },
  ],
  maxLines: 400,
};

const src = fileURLToPath(new URL('../src', import.meta.url));
const modules = await modulesBelow(src);
const paths = Object.keys(modules);

test('every module of src complies with the law', () => {
  expect(breaches(modules, LAW)).toEqual([]);
});

/** What starts a program: the modules that do, and those through which others do. */
const STARTS_A_PROGRAM = /\b(?:runCommand|runAtTerminal)\(/;

function startingIn(tree: Tree): string[] {
  const through = Object.keys(tree).filter((path) =>
    STARTS_A_PROGRAM.test(sourceText(tree[path] ?? '').code),
  );
  return [...new Set([...through, ...STARTS_PROCESSES])].sort();
}

test('docs/decisions/planted-programs.md has a row for every file of src that starts a program, and for no other', async () => {
  const page = await readFile(new URL('../docs/decisions/planted-programs.md', import.meta.url), 'utf8');
  const listed = [...page.matchAll(/^\| `([^`|]+\.ts)` \|/gm)].map(([, path]) => path);
  expect(listed).toEqual(startingIn(modules));
});

test.each(["await runCommand('x', []);", "await runAtTerminal({ command: 'x', cwd: '/', env });"])(
  'a new file that starts a program has no row: %s',
  (text) => {
    expect(startingIn({ 'core/acts/a.ts': text })).toContain('core/acts/a.ts');
  },
);

test('every folder of core is on one floor', () => {
  const folders = paths.filter((path) => path.startsWith('core/')).map((path) => dirname(path));
  expect(FLOORS.flat().sort()).toEqual([...new Set(folders)].sort());
});

test('there are no import cycles between files, including types', () => {
  expect(fileCircles(modules)).toEqual([]);
});

/** With such a comment an import that the projects do not allow compiles too. */
const HIDES_ERRORS = /@ts-(?:ignore|expect-error|nocheck)/;

test('no comment of src hides an error from the compiler', () => {
  expect(paths.filter((path) => HIDES_ERRORS.test(modules[path] ?? ''))).toEqual([]);
});

/** A table or a switch that gives the text of a session's state, or of what it waits for. */
const WORDS_A_STATE =
  /Record<(?:WaitingFor|Status\['kind'\]|EventOf<'parked'>\['for'\]), string>|case '(?:qa_answers|plan_approval|file_update|human_action|limited|blocked|stopped)':(?:\s*\{\s*const [^;]*;)?\s*return (?:[`'][^`'\n]* |\{ brief)/;

test('core/session/words/words.ts is the only file of src with the text of a state', () => {
  const wording = paths.filter((path) => WORDS_A_STATE.test(modules[path] ?? ''));
  expect(wording).toEqual(['core/session/words/words.ts']);
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

test('ARCHITECTURE.md says of each extension how many files of core it imports, so that a new one is noticed', async () => {
  const page = await readFile(new URL('../ARCHITECTURE.md', import.meta.url), 'utf8');
  const [, box = ''] = /^ {4}extensions\/.*\n((?: {6}.*\n)+)/m.exec(page) ?? [];
  const names = [...box.matchAll(/([a-z]+)\/ /g)].map(([, name]) => name ?? '');
  const counts = [...box.matchAll(/\((\d+)(?:, (\d+))?\)/g)].flatMap(([, one, two]) =>
    two ? [one, two] : [one],
  );
  const said = Object.fromEntries(names.map((name, index) => [name, Number(counts[index])]));
  expect(said).toEqual(reachOf(modules));
});

test('no folder of src has more than 25 files', () => {
  const folders = paths.map((path) => dirname(path));
  const full = [...new Set(folders)].filter(
    (folder) => folders.filter((each) => each === folder).length > 25,
  );
  expect(full).toEqual([]);
});

/** Imports that the floors or the compiler allow, and `never` forbids: who, from which file, and what. */
const KINDS = [
  ['an act that uses the worker', 'core/acts/gates/a.ts', 'core/worker/loop/loop.ts'],
  [
    'an act of an extension that uses the worker',
    'extensions/pool/acts/a.act.ts',
    'core/worker/state/worker.ts',
  ],
  [
    'what an extension adds to the worker using an act',
    'extensions/github/worker/a.ts',
    'core/acts/gates/b.ts',
  ],
  ['a sandbox that reads a session', 'core/sandbox/a.ts', 'core/session/words/words.ts'],
  ['a use case that prints', 'core/acts/gates/a.act.ts', 'core/faces/terminal/ask.ts'],
  ['a tool that asks at a terminal', 'core/acts/gates/a.tool.ts', 'core/faces/terminal/ask.ts'],
  ['a command that uses the parts of tools', 'core/acts/gates/a.command.ts', 'core/faces/mcp/tool.ts'],
  ['a server that uses a command', 'app/server/a.ts', 'core/acts/gates/b.command.ts'],
  ['a supervisor that calls a tool', 'core/supervisor/a.ts', 'core/acts/gates/b.tool.ts'],
  ['a notification that uses the terminal', 'extensions/notify/outbox/a.ts', 'core/faces/terminal/ask.ts'],
  ['a page that reads a session', 'extensions/pages/html/a.ts', 'core/session/words/words.ts'],
  ['a page that uses the live screen', 'extensions/pages/web/a.ts', 'extensions/pages/watch/press.ts'],
  ['a runner that loads a kit', 'extensions/acp/runner/a.ts', 'core/faces/terminal/output.ts'],
] as const;

const LATE_IN_TEMPLATE = '`$'.concat("{import('../worker/loop/a.ts')}`");
/** The way from a file up to src. */
const up = (path: string): string => '../'.repeat(path.split('/').length - 1);

test.each([
  ['an import upwards', 'core/kernel/a.ts', "import { x } from '../agents/a.ts';", 'not below core/kernel/'],
  ['a type', 'core/kernel/a.ts', "import type { X } from '../agents/words.ts';", 'agents/words.ts'],
  ['a type named in place', 'core/kernel/a.ts', "type X = import('../agents/a.ts').X;", 'agents/a.ts'],
  ['a late import', 'core/agents/a.ts', "await import('../worker/loop/a.ts');", 'worker/loop/a.ts'],
  ['a late import in a template', 'core/agents/a.ts', LATE_IN_TEMPLATE, 'worker/loop/a.ts'],
  ['an import of a name computed at run time', 'app/cli/a.ts', 'await import(name);', 'not written out'],
  ['an export from above', 'core/agents/a.ts', "export { x } from '../project/git/git.ts';", 'git/git.ts'],
  ['an import for its effect', 'core/agents/a.ts', "import '../project/git/git.ts';", 'git/git.ts'],
  ['an import of many lines', 'core/kernel/a.ts', "import {\n  x,\n} from '../agents/a.ts';", 'agents/a'],
  [
    'a folder beside',
    'core/worker/limits/a.ts',
    "import '../guarding/b.ts';",
    'not below core/worker/limits/',
  ],
  ['an act beside', 'core/acts/gates/a.ts', "import '../finish/b.ts';", 'not below core/acts/gates/'],
  ['a folder without a row', 'core/worker/misc/a.ts', "import '../state/worker.ts';", 'no known row'],
  ...KINDS.map(([name, path, to]) => [name, path, `import '${up(path)}${to}';`, 'no file of this kind']),
  ['the SDK elsewhere', 'core/agents/a.ts', "import '@modelcontextprotocol/sdk/c.js';", 'sdk/c.js'],
  [
    'a process started elsewhere',
    'core/agents/a.ts',
    "import { spawn } from 'node:child_process';",
    'child_p',
  ],
  ['execa elsewhere', 'core/project/git/a.ts', "import { execa } from 'execa';", 'execa'],
  ['chokidar elsewhere', 'core/agents/a.ts', "import { watch } from 'chokidar';", 'chokidar'],
  ['folders', 'core/agents/a.ts', "await mkdir('a/b', {\n  recursive: true });", 'folders made by Node'],
  ['a hash', 'core/worker/state/a.ts', "createHash('sha256');", 'a hash'],
  ['the environment', 'core/agents/a.ts', 'const home = process.env.HOME;', 'process.env'],
  ['the environment in a template', 'core/agents/a.ts', '`$'.concat('{process.env.HOME}`'), 'process.env'],
  ['the time', 'core/agents/a.ts', 'const now = Date.now();', 'the time'],
  ['today', 'core/agents/a.ts', 'const now = new Date();', 'the time'],
  ['a timer', 'core/agents/a.ts', 'setTimeout(run, 5);', 'a timer'],
  ['a promised timer', 'core/agents/a.ts', "import 'node:timers/promises';", 'node:timers'],
  ['our own program', 'core/agents/a.ts', 'spawn(process.execPath);', 'the program that runs us'],
  ['console', 'app/cli/a.ts', "console.log('x');", 'console'],
  ['a long file', 'core/kernel/a.ts', 'x;\n'.repeat(401), '401 lines'],
] as [name: string, path: string, text: string, words: string][])(
  'the law refuses %s',
  (_name, path, text, words) => {
    expect(breaches({ [path]: text }, LAW)).toEqual([expect.stringContaining(words)]);
  },
);

test.each([
  ['an import downwards', 'core/agents/a.ts', "import { x } from '../kernel/errors.ts';"],
  ['markdown from anywhere', 'core/agents/a.ts', "import text from '../../../agents/a.md';"],
  ['the environment in a main file', 'extensions/rehearsal/agent/main.ts', 'start(process.env);'],
  ['an import in a comment', 'core/kernel/a.ts', "// import '../agents/words.ts'"],
  ['an import in a template', 'core/kernel/a.ts', "const a = `import '../agents/words.ts'`;"],
  ['code in a string', 'core/kernel/a.ts', "const a = 'Date.now()', b = /console.log/, c = `process.env`;"],
  ['code in a comment', 'core/kernel/a.ts', 'const a = 1; /* setTimeout( */'],
  ['a division next to a quote', 'core/kernel/a.ts', "const a = b / 2; const c = 'x / y'; // it's"],
])('the law allows %s', (_name, path, text) => {
  expect(breaches({ [path]: text }, LAW)).toEqual([]);
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
