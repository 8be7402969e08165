import { approvePlan } from '../../src/core/acts/gates/approve-plan.act.ts';
import { readPlan } from '../../src/core/acts/gates/read-plan.act.ts';
import { systemClock } from '../../src/core/kernel/clock.ts';
import { type RawAnswer, type RawForm, type RawModern, rawModern } from '../../tests/support/raw-modern.ts';
import { serveWeb } from '../../tests/support/web-rig.ts';
import { PERSON_MINUTES, RECORDED_TASK } from './recorded-session.ts';
import { type Replayed, replayed, type Turn } from './replay.ts';

/** What the model of a client that follows tasks reads. */
export interface TaskTurn extends Omit<Turn, 'tookMs'> {
  /** The id of the task that answered the call; `json` is then what wakes the chat. */
  taskId?: string;
}

/**
 * Follows the recorded session by tasks, which Claude Code polls without its model. Questions are answered in forms that
 * open by themselves; the plan is too long for one, so it is approved on the page, if one runs, else shown in the chat.
 */
export async function replayTask(hasPage: boolean): Promise<TaskTurn[]> {
  return await replayed(async (rig) => {
    const { context } = rig;
    const web = hasPage ? await serveWeb({ ...context, clock: systemClock }) : undefined;
    try {
      await using chat = await rawModern({ version: '0.0.0', loadActions: async () => context });
      return await follow(rig, chat);
    } finally {
      await web?.end();
    }
  });
}

async function follow({ context, clock }: Replayed, { request }: RawModern): Promise<TaskTurn[]> {
  const turns: TaskTurn[] = [];
  const call = async (tool: string, args: Record<string, unknown>) => {
    const answer = await answered({ name: tool, arguments: args });
    const { taskId } = answer;
    const { structuredContent } = taskId === undefined ? answer : await ended(taskId);
    if (structuredContent === undefined) throw new Error(`${tool}: ${JSON.stringify(answer)}`);
    turns.push({
      tool,
      args,
      json: JSON.stringify(structuredContent),
      ...(taskId !== undefined && { taskId }),
    });
    return structuredContent;
  };
  /** A form of the call itself is a round of it. */
  const answered = async (params: object): Promise<RawAnswer> => {
    clock.callEndsAt = clock.monotonic();
    const answer = await request('tools/call', params);
    const { resultType, inputRequests, requestState } = answer;
    if (resultType !== 'input_required' || inputRequests === undefined) return answer;
    const forms = Object.entries(inputRequests).map(([key, { params: form }]) => [key, filledIn(form)]);
    return await answered({ ...params, inputResponses: Object.fromEntries(forms), requestState });
  };
  const ended = async (taskId: string) => {
    for (;;) {
      clock.callEndsAt = clock.monotonic();
      const { result, inputRequests = {}, pollIntervalMs = 0 } = await request('tasks/get', { taskId });
      if (result) return result;
      for (const [key, { params }] of Object.entries(inputRequests)) {
        await clock.pass(PERSON_MINUTES * 60_000);
        if (params.mode === 'url') await approveOnPage();
        else await request('tasks/update', { taskId, inputResponses: { [key]: filledIn(params) } });
      }
      await clock.pass(pollIntervalMs);
    }
  };
  const approveOnPage = async () => {
    const { hash } = await readPlan({ session: String(session) }, context);
    await approvePlan({ session: String(session), hash }, { ...context, by: { channel: 'web' } });
  };
  const { session, cursor } = await call('start_session', { task: RECORDED_TASK, name: 'jwt-auth' });
  let last = await call('wait', { session, cursor });
  while (last.for === 'plan_approval') {
    let plan = await call('read_plan', { session });
    while (plan.more_from !== undefined) plan = await call('read_plan', { session, offset: plan.more_from });
    await clock.pass(PERSON_MINUTES * 60_000);
    const approved = await call('approve_plan', { session, hash: plan.hash });
    last = await call('wait', { session, cursor: approved.cursor });
  }
  if (last.state !== 'done') throw new Error(`The recorded session did not end: ${JSON.stringify(last)}`);
  return turns;
}

/** The plan is approved once it was shown; everything else is answered by the second choice. */
function filledIn({ requestedSchema: { properties } }: RawForm): object {
  const chosen = Object.entries(properties).map(([name, { enum: choices = [] }]) => [
    name,
    ['approve', 'read'].find((each) => choices.includes(each)) ?? choices[1],
  ]);
  return { action: 'accept', content: Object.fromEntries(chosen) };
}
