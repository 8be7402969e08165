import type { ActionContext } from '../../../src/core/caller/context/context.ts';
import { eventually } from '../../support/eventually.ts';
import { type RawAnswer, type RawForm, type RawModern, rawModern } from '../../support/raw-modern.ts';

/** A chat whose client has tasks, as JSON goes over the wire. */
export interface TaskedChat extends RawModern {
  call(name: string, args: object, capabilities?: object): Promise<RawAnswer>;
  /** The id of the task with which `wait` answers. */
  follow(args: object): Promise<string>;
  get(taskId: string): Promise<RawAnswer>;
  /** Polls until the task stands there. */
  until(taskId: string, status: string, holds?: (answer: RawAnswer) => unknown): Promise<RawAnswer>;
  /** The one form that is open, with its key. */
  form(taskId: string): Promise<{ key: string; form: RawForm }>;
  answer(taskId: string, key: string, content: Record<string, string>): Promise<RawAnswer>;
  /** Answers with an action alone. */
  leave(taskId: string, key: string, action: 'decline' | 'cancel' | 'accept'): Promise<RawAnswer>;
}

/** @param context of any channel: a chat has its own */
export async function taskedChat({ by: _, ...actions }: ActionContext, name?: string): Promise<TaskedChat> {
  const raw = await rawModern({ version: '1', loadActions: async () => actions }, name);
  const get = async (taskId: string) => await raw.request('tasks/get', { taskId });
  const until: TaskedChat['until'] = async (taskId, status, holds = () => true) =>
    await eventually(async () => {
      const answer = await get(taskId);
      return answer.status === status && holds(answer) ? answer : undefined;
    });
  const update = async (taskId: string, key: string, response: object) =>
    await raw.request('tasks/update', { taskId, inputResponses: { [key]: response } });
  return {
    ...raw,
    [Symbol.asyncDispose]: raw[Symbol.asyncDispose],
    call: async (name, args, capabilities) =>
      await raw.request('tools/call', { name, arguments: args }, capabilities),
    async follow(args) {
      const { taskId, resultType } = await raw.request('tools/call', { name: 'wait', arguments: args });
      if (resultType !== 'task' || taskId === undefined) throw new Error('The wait is no task.');
      return taskId;
    },
    get,
    until,
    async form(taskId) {
      const { inputRequests = {} } = await until(taskId, 'input_required');
      const [open] = Object.entries(inputRequests);
      if (open === undefined) throw new Error('No form is open.');
      return { key: open[0], form: open[1].params };
    },
    answer: async (taskId, key, content) => await update(taskId, key, { action: 'accept', content }),
    leave: async (taskId, key, action) => await update(taskId, key, { action }),
  };
}
