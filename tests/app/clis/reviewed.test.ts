import { test } from 'vitest';
import { claude } from '../../../src/core/agents/claude/claude.ts';
import type { AgentEvent } from '../../../src/core/agents/contract/events.ts';
import { ci } from '../../support/ci.ts';
import type { ToolUse } from '../../support/model-stub/conversation.ts';
import { startCliSession } from './cli-session.ts';
import { type GrantedChild, runGranted } from './granted-child.ts';
import { BUILDS_BY_PLAN, writePlannedFolder } from './planned-folder.ts';

const bash = (command: string): ToolUse => ({ name: 'Bash', input: { command } });

function eventsOf({ stdout }: GrantedChild): AgentEvent[] {
  const reader = claude.newReader();
  return stdout.split('\n').flatMap((line) => reader.readLine(line));
}

/** The check in the client, whose requests a stub can answer. Its end is announced: only tests may use it. */
const CHECKED_HERE = { CLAUDE_CODE_AUTO_MODE_SERVER: '0' };

test.concurrent(
  'the reviewer of the real claude judges all commands but git without a remote, SETUP and the checks as they stand, and its denials are told',
  ci,
  async ({ expect }) => {
    const commands = ['node -p 1+1', 'node -p 2+2 && node -p 3+3'];
    const free = ['git add -A && git commit -qm work --allow-empty', 'git status', ...commands];
    const judged = ['node -p 1+2', 'node -p 2+2', 'git push'];
    let reviews = 0;
    const review = (request: string) => {
      if (!request.includes('<severity>')) return undefined;
      reviews += 1;
      return '<severity>90</severity>';
    };
    const options = { permissions: 'auto', commands, env: CHECKED_HERE, review } as const;
    const calls = [...free, ...judged].map(bash);
    await using child = await runGranted('claude', 'implementation', () => calls, options);
    const failed = child.results.map((result) => result.failed);
    expect(failed).toEqual([...free.map(() => false), ...judged.map(() => true)]);
    expect(child.subject).toBe('work');
    const events = eventsOf(child);
    expect(events.find(({ kind }) => kind === 'started')).toMatchObject({ mode: 'auto' });
    expect(events.flatMap((event) => (event.kind === 'denied' ? [event.why] : []))).toEqual(
      judged.map(() => 'Bash: Blocked by classifier'),
    );
    // With those of the reviewer; the stub counts as many for each answer.
    const input = 1200 * (child.requests.length + reviews);
    const report = { tokens: { input }, deniedTools: ['Bash'] };
    expect(events.findLast(({ kind }) => kind === 'final')).toMatchObject({ report });
  },
);

test.concurrent('where nothing answers the reviewer of the real claude, each denial says so, and a model without one is told by the first line', async ({
  expect,
}) => {
  const options = { permissions: 'auto' } as const;
  await using child = await runGranted('claude', 'implementation', () => [bash('node -p 1+1')], options);
  const [denied] = eventsOf(child).flatMap((event) => (event.kind === 'denied' ? [event.why] : []));
  expect(denied).toMatch(/^Bash: Auto mode is unavailable: its safety check does not run for this session/);
  const model = 'claude-sonnet-4-5';
  await using older = await runGranted('claude', 'implementation', () => [], { ...options, model });
  expect(eventsOf(older)[0]).toMatchObject({ kind: 'started', model, mode: 'default' });
});

const DENY = {
  ...{ outcome: 'deny', risk_level: 'high', user_authorization: 'unknown' },
  rationale: 'It would leave the sandbox.',
};

/** A command that Codex asks its reviewer about. */
function escalated(command: string): ToolUse {
  const options = {
    cmd: command,
    login: false,
    sandbox_permissions: 'require_escalated',
    justification: 'x',
  };
  return { name: 'Script', input: { script: `await tools.exec_command(${JSON.stringify(options)})` } };
}

test.concurrent('three denials end the real codex without a last message, and the session blocks in the words of its reviewer', async ({
  expect,
}) => {
  await using session = await startCliSession({
    cli: 'codex',
    lines: { PERMISSIONS: 'auto' },
    start: BUILDS_BY_PLAN,
    before: ({ mainRepo }) =>
      writePlannedFolder(mainRepo, '## Implementation Phases\n### Phase 1: Work\n- [ ] work\n'),
    instead: ({ conversation: { request } }) =>
      request.includes('user_authorization')
        ? { say: JSON.stringify(DENY) }
        : { say: 'Trying.', use: [escalated('node -p 1+1')] },
  });
  await session.until(({ status }) => status.kind === 'waiting');
  await session.approve();
  const { status } = await session.until(({ status: { kind } }) => kind === 'blocked');
  expect(status).toMatchObject({
    rule: 'refused',
    reason: expect.stringMatching(
      /Its reviewer denied 3 actions, and nothing was done between them: Shell: node -p 1\+1 \/ .*Reason: It would leave the sandbox\./,
    ),
  });
  const [ended] = await session.eventsOf('iteration_ended');
  // Three requests of the agent and three of its reviewer.
  expect(ended).toMatchObject({ ending: 'refused', cost: { inputTokens: 6 * 1200, outputTokens: 6 * 60 } });
});
