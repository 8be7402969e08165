import { expect, test } from 'vitest';
import { TOOLS } from '../../../../../src/app/server/tools.ts';
import { systemHost } from '../../../../../src/core/kernel/processes/host.ts';
import { readHolding } from '../../../../../src/core/kernel/processes/lease.ts';
import { launchWorker } from '../../../../../src/core/sandbox/programs/launch-worker.ts';
import { answerRead } from '../../../../support/as-parent.ts';
import { ci } from '../../../../support/ci.ts';
import { eventually } from '../../../../support/eventually.ts';
import { CALLS, faultOf, newParent, type Parent } from './parent.ts';

/** Kills the session's worker as a crash would; there may be none. */
async function killWorker({ bench }: Parent, session: string): Promise<void> {
  const holding = await readHolding((await bench.view(session)).paths.leases, await systemHost());
  if (holding.kind === 'held' && holding.liveness === 'alive')
    process.kill(holding.lease.owner.pid, 'SIGKILL');
}

/** No read restarts a worker, so it is done here. */
async function until({ bench, stateOf }: Parent, session: string, state: string): Promise<void> {
  await eventually(
    async () => {
      const { paths, needsWorker } = await bench.view(session);
      const { programs, env } = bench.context;
      if (needsWorker) await launchWorker(paths, { program: programs.worker, env });
      return (await stateOf(session)) === state;
    },
    { withinMs: 480_000 },
  );
}

test(
  'while the worker dies again and again, every tool answers, and each request is carried out once',
  ci,
  async () => {
    await using parent = await newParent();
    const faults: string[] = [];
    const called = new Set<string>();
    let session = 'boats';
    /** Kills the worker before the call, and again during it. */
    async function ask(name: string, args = CALLS[name]?.(session) ?? {}): Promise<Record<string, unknown>> {
      await killWorker(parent, session).catch(() => undefined);
      const pending = parent.ask(name, args);
      await killWorker(parent, session).catch(() => undefined);
      const result = await pending;
      called.add(name);
      const fault = faultOf(result);
      if (fault) faults.push(`${name}: ${fault}`);
      return result.json;
    }
    await ask('setup_project');
    session = String((await ask('start_session')).session);
    await until(parent, session, 'waiting qa_answers');
    for (const name of ['list_sessions', 'get_status', 'wait', 'read_qa', 'read_session']) await ask(name);
    for (const name of ['send_message', 'rewind_session', 'finish_session']) await ask(name);
    await answerRead(ask, { session, accept_suggestions: true });
    await until(parent, session, 'waiting plan_approval');
    await ask('request_changes');
    await until(parent, session, 'waiting plan_approval');
    const { hash } = await ask('read_plan');
    await ask('approve_plan', { session, hash });
    await ask('stop_session');
    await until(parent, session, 'stopped');
    await ask('resume_session');
    await until(parent, session, 'done');

    expect(faults).toEqual([]);
    expect([...called].sort()).toEqual(TOOLS.map(({ name }) => name).sort());
    const { approvedPlan, answers } = (await parent.bench.view(session)).state;
    expect([approvedPlan?.hash.startsWith(String(hash)), answers.length]).toEqual([true, 3]);
  },
);
