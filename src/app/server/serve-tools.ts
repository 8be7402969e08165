import { readlinkSync } from 'node:fs';
import type { Result, Server } from '@modelcontextprotocol/server';
import * as z from 'zod';
import { askByForm, type Connection } from '../../core/faces/mcp/ask-by-form.ts';
import { type ChatTasks, declaresTasks, type TaskContext } from '../../core/faces/mcp/chat-tasks.ts';
import { callTool, errorResult } from '../../core/faces/mcp/define-tool.ts';
import {
  type ChatClient,
  type ContextFor,
  type Exchange,
  exchangeOf,
  isModern,
} from '../../core/faces/mcp/exchange.ts';
import type { Ask } from '../../core/faces/mcp/form.ts';
import { InvalidParamsError, onRequest, unknownName } from '../../core/faces/mcp/on-request.ts';
import { newRounds } from '../../core/faces/mcp/pending-calls.ts';
import { startProgress } from '../../core/faces/mcp/progress.ts';
import { SERVER_ERRORS } from '../../core/faces/mcp/server-errors.ts';
import type { ToolContext } from '../../core/faces/mcp/tool.ts';
import { listedTool } from '../../core/faces/mcp/tool-schemas.ts';
import { cleanText } from '../../core/kernel/text.ts';
import { TOOLS } from './tools.ts';

/** Lists and calls the tools. `isReadOnly` refuses tools that act; `tasks` are those of this connection. */
export function serveTools(
  server: Server,
  contextFor: ContextFor,
  { isReadOnly, tasks }: { isReadOnly: boolean; tasks: (() => Promise<ChatTasks>) | undefined },
): void {
  const offered = TOOLS.filter(({ annotations }) => !isReadOnly || annotations.readOnlyHint);
  onRequest(server, 'tools/list', z.object({}), (_params, context) => {
    const { client } = exchangeOf(server, context);
    return { tools: offered.map((tool) => listedTool(tool, client.name)) };
  });
  const connection: Connection = {};
  const call = async (params: z.output<typeof ToolCall>, exchange: Exchange): Promise<Result> => {
    const tool = offered.find(({ name }) => name === params.name);
    if (!tool) {
      const hidden = TOOLS.find(({ name }) => name === params.name)?.name;
      if (hidden) return errorResult(SERVER_ERRORS.read_only({ tool: hidden }));
      const names = offered.map(({ name }) => name);
      throw new InvalidParamsError(unknownName('tool', params.name, names));
    }
    const { client } = exchange;
    const reached = await reachedBy(exchange, contextFor);
    const ask = withProgress(askByForm(connection, exchange, reached.actions.clock), reached);
    let task: Result | undefined;
    const asTask: ToolContext['asTask'] = async (wait) => {
      task = await (await tasks?.())?.begin(wait, reached);
      return task !== undefined;
    };
    const mayBeTask = tasks !== undefined && declaresTasks(client);
    const result = await callTool(tool, params.arguments, {
      ...reached,
      ask,
      ...(mayBeTask && { asTask }),
    });
    return task ?? result;
  };
  const rounds = newRounds();
  onRequest(server, 'tools/call', ToolCall, async (params, context) => {
    const exchange = exchangeOf(server, context);
    if (!isModern(server)) return await call(params, exchange);
    const again = async (reach: Partial<Exchange>) => await call(params, { ...exchange, ...reach });
    return await rounds.answer(context, JSON.stringify(params), again);
  });
}

/** What a handler needs to know of a request. */
export async function reachedBy(exchange: Exchange, contextFor: ContextFor): Promise<TaskContext> {
  const { client, signal } = exchange;
  const actions = await contextFor(exchange);
  const who = { clientName: client.name, shownBy: shownBy(client, actions.home) };
  return { client, actions, progress: progressOf(exchange), signal, ...who };
}

const ToolCall = z.object({ name: z.string(), arguments: z.record(z.string(), z.unknown()).optional() });

/** The client as it names itself, and the program that started this server: facts for the record, no proof. */
function shownBy({ name, version }: ChatClient, home: string): string {
  const program = parentProgram()?.replace(`${home}/`, '~/');
  const facts = [`${name} ${version}`.trim().slice(0, 50), program && `started by ${program}`];
  return cleanText(facts.filter(Boolean).join(', ')).slice(0, 100);
}

function parentProgram(): string | undefined {
  try {
    return readlinkSync(`/proc/${process.ppid}/exe`);
  } catch {
    // There is no /proc, or the program belongs to another user.
    return undefined;
  }
}

/** Sends progress notifications while a form is open. */
function withProgress(
  ask: Ask | undefined,
  call: Pick<ToolContext, 'actions' | 'progress'>,
): Ask | undefined {
  return (
    ask &&
    (async (form) => {
      const stopProgress = startProgress(call, () => 'waiting for the user');
      return await ask(form).finally(stopProgress);
    })
  );
}

function progressOf({ report }: Exchange): ToolContext['progress'] {
  let progress = 0;
  return (message) => {
    progress += 1;
    // The client is gone; the transport reports that itself.
    report({ progress, message }).catch(() => {});
  };
}
