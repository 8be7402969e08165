import { INSTRUCTIONS } from '../../src/app/server/server-info.ts';
import { TOOLS } from '../../src/app/server/tools.ts';
import type { Tool } from '../../src/core/faces/mcp/tool.ts';
import { listedTool } from '../../src/core/faces/mcp/tool-schemas.ts';
import { CLIENT_VIEWS, type ClientView, STATUS_READER, TASK_VIEW } from './client-views.ts';
import { replay, type Turn } from './replay.ts';
import { replayTask, type TaskTurn } from './replay-task.ts';

/** Something that a model has to read, in tokens: a quarter of its characters. */
export interface Measure {
  what: string;
  tokens: number;
  budget: number;
  /** The largest one, for results that occur many times. */
  most?: number;
  /** What the number consists of, for sessions. */
  details?: Readonly<Record<string, number>>;
}

const BUDGETS = {
  listed: 4500,
  core: 700,
  instructions: 500,
  // Includes 16 for what the checks leave open, if they leave anything open.
  status: 170,
  transition: 120,
  idle: 60,
  byTasks: 1800,
  // Its plan is longer than a form, and no page runs.
  byTasksInChat: 2800,
};

/** The cost of the definitions, which are sent once to every chat. */
export function measureDefinitions(): Measure[] {
  const core = TOOLS.filter(({ isCore }) => isCore);
  return [
    measured(
      'tools/list as sent',
      JSON.stringify({ tools: TOOLS.map((tool) => listedTool(tool)) }),
      BUDGETS.listed,
    ),
    measured(
      `the ${core.length} always-loaded tools as a model sees them`,
      core.map((tool) => definitionOf(tool)).join(''),
      BUDGETS.core,
    ),
    measured('instructions', INSTRUCTIONS, BUDGETS.instructions),
  ];
}

/** The typical results, and the whole recorded session as each client's model sees it. */
export async function measureSessions(): Promise<Measure[]> {
  const withStatus = replay(STATUS_READER);
  const sessions = CLIENT_VIEWS.map(async (view) => {
    // Reading the status changes nothing: the other turns are those of a client that waits in the same way.
    const isAlike = view.clientName === STATUS_READER.clientName;
    const turns = isAlike
      ? (await withStatus).filter(({ tool }) => tool !== 'get_status')
      : await replay(view);
    return sessionOf(view, turns);
  });
  return [...resultsOf(await withStatus), ...(await Promise.all(sessions)), ...(await measureTasks())];
}

async function measureTasks(): Promise<Measure[]> {
  return [
    byTasks('gates in forms and on the page', await replayTask(true), BUDGETS.byTasks),
    byTasks('the plan shown in the chat', await replayTask(false), BUDGETS.byTasksInChat),
  ];
}

function byTasks(gates: string, turns: readonly TaskTurn[], budget: number): Measure {
  const texts = turns.map(({ tool, args, json, taskId }) => ({
    called: TASK_VIEW.call(tool, args),
    read: TASK_VIEW.result(tool, json, taskId),
  }));
  const text = texts.map(({ called, read }) => called + read).join('');
  const last = turns.at(-1);
  return {
    ...measured(`the session in Claude Code, followed by tasks: ${gates}`, text, budget),
    details: {
      calls: turns.length,
      waits: turns.filter(({ tool }) => tool === 'wait').length,
      tokensCalled: tokens(texts.map(({ called }) => called).join('')),
      tokensOfLastResult: tokens(last?.json ?? ''),
    },
  };
}

function resultsOf(turns: readonly Turn[]): Measure[] {
  const running = turns.filter(({ json }) => JSON.parse(json).state === 'running');
  const of = (name: string) => running.filter(({ tool }) => tool === name).map(({ json }) => json);
  const [news, idle] = [of('wait').filter(isNews), of('wait').filter((json) => !isNews(json))];
  return [
    typical('a status', of('get_status'), BUDGETS.status),
    typical('a transition reported by wait', news, BUDGETS.transition),
    typical('an idle wait', idle, BUDGETS.idle),
  ];
}

function sessionOf(view: ClientView, turns: readonly Turn[]): Measure {
  const waits = turns.filter(({ tool }) => tool === 'wait');
  const used = TOOLS.filter(({ name }) => turns.some(({ tool }) => tool === name));
  const lookedUp = used.filter((tool) => !view.isEager(tool));
  return {
    ...measured(
      `the session in ${view.name}`,
      turns.map(({ tool, args, json, tookMs }) => view.call(tool, args) + view.result(json, tookMs)).join(''),
      view.budget ?? Number.POSITIVE_INFINITY,
    ),
    details: {
      calls: turns.length,
      waits: waits.length,
      waitsWithoutNews: waits.filter(({ json }) => !isNews(json)).length,
      tokensCalled: tokens(turns.map(({ tool, args }) => view.call(tool, args)).join('')),
      // Read once, before or while the session runs, and not part of the budget above.
      tokensOfDefinitionsLookedUp: tokens(
        lookedUp
          .map((tool) => definitionOf(tool, view.clientName) + (view.lookUp?.(tool.name) ?? ''))
          .join(''),
      ),
      tokensOfDefinitionsFromTheStart: tokens(
        TOOLS.filter(view.isEager)
          .map((tool) => definitionOf(tool, view.clientName))
          .join(''),
      ),
    },
  };
}

function isNews(json: string): boolean {
  return JSON.parse(json).changed === true;
}

/** A definition in the form that model APIs take: without title, hints and metadata. */
function definitionOf(tool: Tool, clientName?: string): string {
  const { name, description, inputSchema, outputSchema } = listedTool(tool, clientName);
  const parameters = inputSchema;
  return JSON.stringify({ name: `mcp__samocode__${name}`, description, parameters, outputSchema });
}

function typical(what: string, texts: readonly string[], budget: number): Measure {
  const sizes = texts.map(tokens).sort((a, b) => a - b);
  const middle = sizes[Math.floor(sizes.length / 2)];
  const most = sizes.at(-1);
  if (middle === undefined || most === undefined)
    throw new Error(`The recorded session has no such result: ${what}.`);
  return { what, tokens: middle, budget, most };
}

function measured(what: string, text: string, budget: number): Measure {
  return { what, tokens: tokens(text), budget };
}

function tokens(text: string): number {
  return Math.ceil(text.length / 4);
}
