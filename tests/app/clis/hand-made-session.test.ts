import { mkdir, readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { builtPrograms } from '../../support/built-programs.ts';
import { ci } from '../../support/ci.ts';
import { bash, quoted, type Script, write } from '../../support/model-stub/moves.ts';
import { COMPOUND_AMOUNTS } from '../../support/sample-repo/missing-feature.ts';
import { startCliSession } from './cli-session.ts';
import { runClient } from './clients/client-cli.ts';

const FOLDER = '26-02-01-compound';
const PLAN = '02-01-1000-plan-compound.md';
const DIVE = '02-01-0900-dive-compound.md';

test(
  'the worker continues a session that a chat in the real Claude Code prepared by hand, at implementation',
  ci,
  async () => {
    await using session = await startCliSession({
      cli: 'claude',
      byTool: true,
      lines: { MAX_ITERATIONS: '1' },
      start: { from: FOLDER, phase: 'implementation' },
      before: async ({ homeDir, mainRepo }) => {
        const top = dirname(mainRepo);
        const chatHome = join(homeDir, 'chat');
        await mkdir(chatHome);
        const chat = await runClient({
          cli: 'claude',
          server: (await builtPrograms()).server,
          homeDir: chatHome,
          cwd: mainRepo,
          tools: ['Bash', 'Write'],
          folders: [top],
          script: () => preparesByHand(top),
        });
        expect(chat).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('All done.') });
        expect(chat.turns.at(-1)?.results.filter(({ failed }) => failed)).toEqual([]);
      },
    });
    await session.until(({ status }) => status.kind === 'waiting');
    await session.approve();
    await session.until(({ lastIteration }) => lastIteration !== undefined);

    // From here on it is an ordinary session: whole-sessions.test.ts.
    const [ended] = await session.eventsOf('iteration_ended');
    expect(ended).toMatchObject({
      phase: 'implementation',
      ending: 'signalled',
      decision: { kind: 'run', phase: 'implementation' },
    });
    const [approved] = await session.eventsOf('plan_approved');
    expect(approved).toMatchObject({ by: { channel: 'cli' }, plan: { name: PLAN }, phase: 'implementation' });
    const { worktree } = await session.state();
    expect(worktree).toMatchObject({ branch: 'samocode/compound' });
    expect(await session.git('log', '--format=%s', 'main..samocode/compound')).toBe(
      `Phase 1: ${COMPOUND_AMOUNTS.phases[0]?.name}`,
    );
    const overview = await readFile(session.paths.overview, 'utf8');
    expect(overview).toContain(`- [02-01 09:00] Dive written -> ${DIVE}`);
    expect(overview).toContain('Phase: implementation');
    expect(await readdir(session.paths.sessionDir)).toEqual(expect.arrayContaining([DIVE, PLAN]));
  },
);

/** The model of the chat: session, dive and plan as the skills describe them, with the chat's own tools. */
function* preparesByHand(top: string): Script {
  const worktree = join(top, 'trees', FOLDER);
  const session = join(top, 'sessions', FOLDER);
  yield* bash(
    `git worktree add -q -b samocode/compound ${quoted(worktree)} && mkdir -p ${quoted(session)}`,
    'Opening the session.',
  );
  yield* write(join(session, DIVE), '# Dive: compound\n\n## Summary\nAmounts have one unit.\n');
  yield* write(join(session, PLAN), plan());
  yield* write(join(session, '_overview.md'), overview(worktree));
}

const overview = (worktree: string) => `# Session: compound
Started: 2026-02-01 09:00
Working Dir: ${worktree}

## Task
${COMPOUND_AMOUNTS.task}
## Status
Phase: investigation
Iteration: 0
Total Iterations: 0
Blocked: no
Last Action: Plan written
Next: Implementation
## Flow Log
- [02-01 09:00] Dive written -> ${DIVE}
- [02-01 10:00] Plan written -> ${PLAN}
## Files
- ${DIVE}
## Plans
- ${PLAN}
`;

function plan(): string {
  const phases = COMPOUND_AMOUNTS.phases.map(
    ({ name, check }, index) => `### Phase ${index + 1}: ${name}\nCheck: \`${check}\`\n- [ ] ${name}\n`,
  );
  const head = `# Plan: compound\nCreated: 02-01 10:00\n\n## Task Definition\n${COMPOUND_AMOUNTS.task}\n`;
  return `${head}\n## Implementation Phases\n\n${phases.join('\n')}\n## Notes\n`;
}
