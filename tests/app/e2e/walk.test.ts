import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeProgram } from '../../../src/app/cli/whole-program.ts';
import type { Cli } from '../../../src/core/faces/terminal/cli.ts';
import { hashIn } from '../../support/as-parent.ts';
import { ci } from '../../support/ci.ts';
import { DEMO_TASK } from '../../support/paper-boat.ts';
import { sandboxOff } from '../../support/project.ts';
import { type LookAt, Walk } from '../../support/walk.ts';
import { typed } from '../unit/cli/typed.ts';

const GOLDEN = '../../golden/walk';

const TOOLS: LookAt[] = [['list_sessions'], ['get_status'], ['wait', { cursor: 0, timeout_s: 0 }]];
const COMMANDS = ['list', 'status SESSION', 'log SESSION', 'show SESSION', 'finish SESSION'];

test('each face of a session, from set-up to merge, shows the text of its golden file', ci, async () => {
  await using walk = await Walk.begin();
  await walk.typed('set-up', 'status', 'status --json');
  await walk.tool('list_sessions');
  await walk.tool('setup_project', { provider: 'rehearsal' });
  await sandboxOff({ path: walk.place.repo, homeDir: walk.place.home });
  await walk.typed(
    'set-up',
    'init',
    'config',
    'notify',
    'notify --json',
    'install --client claude --dry-run',
  );
  await walk.typed('set-up', 'install --client claude', 'install --client claude --json', 'doctor');
  await walk.typed('set-up', 'doctor --json', 'supervisor --status', 'supervisor --status --json');
  await walk.typed('set-up', 'uninstall --client claude', 'uninstall --client claude --json');

  const { session } = await walk.tool('start_session', { task: DEMO_TASK, name: 'boat', start: false });
  walk.session = String(session);
  await walk.look('is not started', { tools: TOOLS, commands: ['status SESSION'] });
  await walk.tool('resume_session');
  await walk.look('asks', {
    tools: [
      ...TOOLS,
      ['read_qa'],
      ['read_plan'],
      ['approve_plan'],
      ['rewind_session'],
      ['read_session'],
      ['read_session', { what: 'document' }],
      ['read_session', { what: 'document', document: 'dive' }],
      ['finish_session', { how: 'merge' }],
    ],
    commands: [...COMMANDS, 'answer SESSION --show', 'plan SESSION', 'rewind SESSION', 'worktrees', 'prune'],
  });
  walk.fills.push({ Q1: 'A', Q2: 'own words', Q3: 'own words' });
  await walk.tool('answer_qa');
  await walk.typed('screens', 'answer SESSION', 'answer SESSION Q2=Z', 'answer SESSION Q2=A');
  await walk.typed('json', 'answer SESSION Q7=A --json', 'answer SESSION --accept-suggestions --json');
  await walk.look('waits for the approval of its plan', {
    tools: [
      ...TOOLS,
      ['read_qa', { all: true }],
      ['read_plan'],
      ['read_session', { what: 'log' }],
      ['read_session', { what: 'transcript' }],
    ],
    commands: [
      ...COMMANDS,
      ...['plan SESSION', 'approve SESSION', 'changes SESSION', 'log SESSION --iteration 2'],
      'answer SESSION --show',
    ],
  });
  walk.fills.push({ decision: 'changes' }, { changes: 'Name the file.' });
  await walk.tool('approve_plan');
  await walk.typed('screens', 'changes SESSION Shorter.', 'stop SESSION', 'stop SESSION');
  await walk.look('is stopped', {
    tools: [
      ...TOOLS,
      ['send_message', { text: 'Mind the gap.' }],
      ['stop_session'],
      ['stop_session', { group: 'none' }],
    ],
    commands: [
      'status SESSION',
      'message SESSION Hello',
      'message SESSION --withdraw',
      'mute SESSION',
      'cost',
    ],
  });
  await walk.typed('json', 'resume SESSION --json');
  const { hash } = await walk.tool('read_plan');
  await walk.tool('approve_plan', { hash: 'abc' });
  await walk.asked('screens', 'approve SESSION', ['n']);
  await walk.typed('screens', `approve SESSION --hash ${hash} --yes`);
  await walk.look('is done', {
    tools: [
      ...TOOLS,
      ['read_session', { what: 'changes' }],
      ['read_session', { what: 'proof' }],
      ['rewind_session', { to: 2 }],
      ['finish_session', { how: 'pull_request' }],
    ],
    commands: [
      ...COMMANDS,
      ...['diff SESSION', 'show SESSION proof', 'show SESSION summary', 'why docs/rehearsal/boat.md'],
      ...['rewind SESSION --to 2', 'verify SESSION', 'report SESSION', 'cost', 'worktrees'],
    ],
  });
  const preview = await walk.tool('finish_session', { how: 'merge' });
  await walk.tool('finish_session', { how: 'merge', confirm: hashIn(preview) });
  await walk.look('is merged', { tools: TOOLS, commands: COMMANDS });
  await walk.typed(
    'json',
    'archive SESSION --yes --json',
    'list --archived --json',
    'unarchive SESSION --json',
  );

  const remote = join(walk.place.home, 'pool.git');
  walk.place.git('init', '--quiet', '--bare', remote);
  await walk.typed('pool', 'pool status', `pool join --remote ${remote} --create --name anna`);
  await walk.typed('pool', 'pool status', 'pool status --json', 'pool leave');
  for (const [face, text] of await walk.texts())
    await expect.soft(text).toMatchFileSnapshot(`${GOLDEN}/${face}.txt`);
});

test('the help of every command is the text of its golden file', ci, async () => {
  // Not used until a command runs.
  const program = makeProgram({ output: { columns: 80 } } as Cli);
  const named = program.commands.flatMap((command) => [
    [command.name()],
    ...command.commands.map((each) => [command.name(), each.name()]),
  ]);
  const texts = [];
  for (const argv of [[], ...named]) {
    const { stdout } = await typed([...argv, '--help'], { cwd: '/', home: '/nowhere' });
    texts.push(`#### $ ${['samocode', ...argv, '--help'].join(' ')}\n${stdout}`);
  }
  await expect(texts.join('\n')).toMatchFileSnapshot(`${GOLDEN}/help.txt`);
});
