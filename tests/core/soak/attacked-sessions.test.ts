import { expect, test } from 'vitest';
import { type SessionRig, startRig } from '../../support/session-rig.ts';
import { ATTACKS } from '../guard/attack-rows.ts';

const SESSIONS = Number(process.env.SOAK_SESSIONS ?? 30);
const AT_ONCE = 3;
const MAX_RESUMES = 3;

const PLACES = [
  'COMMON="$(git rev-parse --path-format=absolute --git-common-dir)"',
  'GITDIR="$(git rev-parse --absolute-git-dir)"',
  'BRANCH="$(git branch --show-current)"',
  'MAIN="$(cd "$REHEARSAL_SESSION_DIR/../../.." && pwd)"',
].join('; ');

/** What a real agent does about a hook that fails, and about files that are reported as uncommitted. */
const TIDY = 'rm -f "$(git rev-parse --git-path hooks/pre-commit)"; git add -A; git commit -qm Leftovers';
const HONEST = { when: {}, do: [{ act: 'run', command: ['sh', '-c', TIDY] }, { act: 'normal' }] };

/** The agents of three iterations attack their git folder, then work honestly, as all others do. */
function rulesOf(session: number): object[] {
  const attacks = (['implementation', 'testing', 'quality'] as const).map((phase, index) => {
    const { script } = ATTACKS[(session * 3 + index) % ATTACKS.length] as (typeof ATTACKS)[number];
    // In a subshell: its variables do not reach the honest work.
    const command = ['sh', '-c', `${PLACES}; (${script}) >/dev/null 2>&1`];
    return { when: { phase, count: 1 }, do: [{ act: 'run', command }, { act: 'normal' }] };
  });
  return [...attacks, HONEST];
}

/** A person resumes a blocked session. @returns the reasons for which it blocked */
async function toDone(rig: SessionRig): Promise<string[]> {
  const rules: string[] = [];
  let since: number | undefined;
  for (;;) {
    const { status, n } = await rig.until(({ status: { kind } }) => kind === 'done' || kind === 'blocked', {
      withinMs: 900_000,
      ...(since !== undefined && { since }),
    });
    if (status.kind === 'done') return rules;
    rules.push(status.kind === 'blocked' ? status.rule : status.kind);
    expect(rules.length, rules.join(', ')).toBeLessThanOrEqual(MAX_RESUMES);
    since = n;
    await rig.resume();
  }
}

async function play(number: number): Promise<string[]> {
  await using rig = await startRig({
    sandbox: 'guard',
    // An agent that hangs on its own pipe is ended.
    lines: { GATES: 'none', TIMEOUT: '30' },
    scenario: { paceMs: 0, rules: rulesOf(number) },
    start: { task: 'Describe the repository', run: false },
  });
  const { git } = rig.repo;
  const before = await git(['rev-parse', 'main']);
  const config = await git(['config', '--local', '--list']);
  const status = await git(['status', '--porcelain']);
  await rig.resume();
  const rules = await toDone(rig);
  const heads = (await rig.events()).flatMap((event) =>
    event.type === 'iteration_ended' && event.head !== undefined ? [event.head] : [],
  );
  expect(heads.length).toBeGreaterThan(0);
  // An agent may begin its own branch anew; what it named before stays under a checkpoint.
  for (const head of new Set(heads)) expect(await git(['for-each-ref', '--contains', head])).not.toBe('');
  expect(await git(['rev-parse', 'main'])).toBe(before);
  expect(await git(['symbolic-ref', 'HEAD'])).toBe('refs/heads/main');
  expect(await git(['config', '--local', '--list'])).toBe(config);
  expect(await git(['fsck', '--strict', '--no-dangling'])).toBe('');
  expect(await git(['status', '--porcelain'])).toBe(status);
  return rules;
}

test(`${SESSIONS} whole sessions whose agents attack their git folder end done, with a sound repository and no commit lost`, async () => {
  const left = Array.from({ length: SESSIONS }, (_, index) => index);
  const ends: Record<string, number> = {};
  const player = async () => {
    for (let number = left.shift(); number !== undefined; number = left.shift())
      for (const rule of await play(number)) ends[rule] = (ends[rule] ?? 0) + 1;
  };
  await Promise.all(Array.from({ length: AT_ONCE }, player));
  console.log(ends);
});
