import type { Phase } from '../../../core/kernel/phases/table.ts';
import { LinkedController } from '../../../core/kernel/processes/linked-controller.ts';
import { parsePlan } from '../../../core/session/documents/plan.ts';
import { type Chat, DEMO_ERRORS, type Question } from './chat.ts';

/** Shows the demo; supplies answers that a person types or, in a demo without questions, the suggestions. */
export interface DemoScreen {
  chapter(title: string): void;
  line(text: string): void;
  toolCall(tool: string, about?: string): void;
  /** `iteration`: undefined while no agent is running. */
  progress(status: {
    session: string;
    phase: Phase;
    iteration: number | undefined;
    state: string;
    doing: string;
  }): void;
  ended(phase: Phase, did: string): void;
  question(question: Question): Promise<string>;
  /** @returns undefined to approve, otherwise the requested changes */
  plan(outline: string): Promise<string | undefined>;
}

export interface Play {
  chat: Chat;
  session: string;
  screen: DemoScreen;
  signal: AbortSignal;
}

/** What the chat knows about a finished session. */
export interface PlayedSession {
  session: string;
  branch: string;
  phases: Phase[];
  iterations: number;
  answers: { id: string; text: string }[];
  /** File name of the approved plan. */
  plan: string;
  summary: string;
}

const WORKING: ReadonlySet<string> = new Set(['starting', 'queued', 'running', 'limited']);
const POLL_SECONDS = 1;

/** Plays the chat of a started session until it is done. */
export async function playSession(play: Play, from: string): Promise<PlayedSession & { worktree: string }> {
  const { chat, session, screen, signal } = play;
  const answers: PlayedSession['answers'] = [];
  let plan = '';
  screen.toolCall('wait');
  for (let [cursor, shown] = [from, 0]; ; ) {
    using interrupted = new LinkedController(signal);
    const asked = { session, cursor, timeout_s: POLL_SECONDS };
    ({ cursor } = await chat.call('wait', asked, interrupted.signal));
    const { state, phase, iteration, summary, says, ...status } = await chat.call('get_status', { session });
    const ended = await chat.iterations(session);
    for (const { phase, lastAction } of ended.slice(shown)) screen.ended(phase, lastAction);
    shown = ended.length;
    if (WORKING.has(state)) {
      const running = state === 'running' && iteration > shown ? iteration : undefined;
      screen.progress({ session, phase, iteration: running, state, doing: status.activity });
      continue;
    }
    if (status.for === 'qa_answers') answers.push(...(await answerQuestions(play)));
    else if (status.for === 'plan_approval') plan = await settlePlan(play);
    else if (state !== 'done') throw DEMO_ERRORS.demo_rested({ summary, reason: says.reason });
    else {
      const { branch, worktree } = status;
      const phases = [...new Set(ended.map(({ phase }) => phase))];
      const story = { session, branch, phases, iterations: iteration, answers, plan };
      return { ...story, summary: says.summary ?? '', worktree };
    }
    screen.toolCall('wait');
  }
}

/** Returns a function that shows each tool call on the screen before making it. */
export function shown({ chat, screen }: Pick<Play, 'chat' | 'screen'>) {
  return (tool: string, args: Record<string, unknown>, about?: string) => {
    screen.toolCall(tool, about);
    return chat.call(tool, args);
  };
}

/** Asks for one answer at a time, as in a chat, and again if an answer is rejected. */
async function answerQuestions(play: Play): Promise<PlayedSession['answers']> {
  const { session, screen } = play;
  const call = shown(play);
  screen.chapter('Gate 1: questions for the human');
  const answers: PlayedSession['answers'] = [];
  const { questions, hash } = await call('read_qa', { session });
  for (const question of questions) {
    const { id } = question;
    while (answers.at(-1)?.id !== id) {
      const text = await screen.question(question);
      try {
        await call('answer_qa', { session, hash, answers: { [id]: text } }, `${id}=${text}`);
        answers.push({ id, text });
      } catch (error) {
        const isRefused = DEMO_ERRORS.tool_refused.is(error);
        if (!isRefused || error.args.code !== 'answer_not_understood') throw error;
        screen.line(`${error.why} ${error.hint}`);
      }
    }
  }
  return answers;
}

async function settlePlan(play: Play): Promise<string> {
  const { session, screen } = play;
  const call = shown(play);
  screen.chapter('Gate 2: the plan');
  const { plan, hash, text } = await call('read_plan', { session });
  const { title = plan, phases } = parsePlan(text);
  const outline = phases.map(
    ({ number, name, steps }) => `  Phase ${number}: ${name} (${steps.total} steps)`,
  );
  const feedback = await screen.plan([title, ...outline].join('\n'));
  if (feedback === undefined) {
    await call('approve_plan', { session, hash }, hash);
    screen.chapter('Hands off: the plan becomes commits');
  } else await call('request_changes', { session, feedback }, `“${feedback}”`);
  return plan;
}
