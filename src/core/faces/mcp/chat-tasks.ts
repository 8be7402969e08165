import type { Result } from '@modelcontextprotocol/server';
import type { ChatClient } from './exchange.ts';
import type { TaskedWait, ToolContext } from './tool.ts';

/** The extension of the protocol by which a call is followed as a task. */
export const TASKS_EXTENSION = 'io.modelcontextprotocol/tasks';

/** A request about a task, as its handler sees it. */
export interface TaskContext extends Omit<ToolContext, 'ask' | 'asTask'> {
  client: ChatClient;
}

/** The tasks of one connection. Each answers from the files of its sessions, so that none is lost with the server. */
export interface ChatTasks {
  /** The task of a wait; undefined if the wait answers at once, or waits for something that does not run. */
  begin(wait: TaskedWait, context: TaskContext): Promise<Result | undefined>;
  /** @throws invalid params if this server has not given out the id */
  get(taskId: string, context: TaskContext): Promise<Result>;
  /** Answers forms of the task; an answer to none that is open changes nothing. */
  update(
    taskId: string,
    inputResponses: Readonly<Record<string, unknown>>,
    context: TaskContext,
  ): Promise<Result>;
  /** Ends the task, never its sessions. */
  cancel(taskId: string, context: TaskContext): Promise<Result>;
}

declare module '../../kernel/extension.ts' {
  interface Extension {
    /** Makes the tasks of a new connection, at the first request that declares them: a handshake does not wait. */
    newChatTasks?(): Promise<ChatTasks>;
  }
}

/** The client of each request says whether it has tasks. */
export function declaresTasks({ capabilities: { extensions } }: ChatClient): boolean {
  return extensions?.[TASKS_EXTENSION] !== undefined;
}
