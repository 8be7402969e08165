import { LinkedController } from '../base/processes/linked-controller.ts';
import type { Phase } from '../phases/table.ts';
import { parsePlan } from '../session/documents/plan.ts';
import type { Answer, Chat, Question } from './chat.ts';
import { DEMO_ERRORS } from './demo-errors.ts';

/** Where the demo is shown, and the person who answers: asked at a terminal, or played. */
export interface DemoScreen {
  chapter(title: string): void;
  line(text: string): void;
  /** What the chat asks of the server. */
  toolCall(tool: string, about?: string): void;
  /** `child`: the session's running number of the agent that works; undefined while none does. */
  progress(look: {
    session: string;
    phase: Phase;
    child: number | undefined;
    state: string;
    doing: string;
  }): void;
  /** An agent has ended. */
  ended(phase: Phase, did: string): void;
  question(question: Question): Promise<string>;
  /** @returns undefined for a yes, else what should be different */
  plan(outline: string): Promise<string | undefined>;
}

export interface Play {
  chat: Chat;
  session: string;
  screen: DemoScreen;
  signal: AbortSignal;
}

/** What a session came to, as its chat knows it. */
export interface Story {
  session: string;
  branch: string;
  phases: Phase[];
  iterations: number;
  answers: { id: string; text: string }[];
  /** File name of the approved plan. */
  plan: string;
  summary: string;
}

const RESTING: ReadonlySet<string> = new Set(['waiting', 'blocked', 'stopped', 'done', 'needs_worker']);
const LOOK_SECONDS = 1;

/** Plays the chat of a started session until it is done. @throws demo_rested when it rests anywhere else */
export async function playSession(play: Play, from: number): Promise<Story & { worktree: string }> {
  const answers: Story['answers'] = [];
  let plan = '';
  for (let [cursor, told] = [from, 0]; ; ) {
    const look = await untilRest(play, cursor, told);
    [cursor, told] = [look.cursor, look.iteration];
    const need = look.state === 'waiting' ? look.for : look.state;
    if (need === 'qa_answers') answers.push(...(await answerQuestions(play)));
    else if (need === 'plan_approval') plan = await settlePlan(play);
    else {
      const { session, branch, worktree, iteration: iterations, summary, says } = look;
      if (need !== 'done') throw DEMO_ERRORS.demo_rested({ summary, reason: says.reason ?? says.why });
      const ended = { session, branch, worktree, iterations, summary: says.summary ?? '' };
      const all = [...(await play.chat.iterations(session)).values()];
      const phases = [...new Set(all.map(({ phase }) => phase))];
      return { ...ended, phases, answers, plan };
    }
  }
}

/** Waits as a chat does, call by call with the cursor. @param toldBefore how many agents have been shown as ended */
async function untilRest(
  { chat, session, screen, signal }: Play,
  from: number,
  toldBefore: number,
): Promise<Answer> {
  screen.toolCall('wait');
  let told = toldBefore;
  for (let cursor = from; ; ) {
    using interrupted = new LinkedController(signal);
    const asked = { session, cursor, timeout_s: LOOK_SECONDS };
    ({ cursor } = await chat.call('wait', asked, interrupted.signal));
    const look = await chat.call('get_status', { session });
    const { state, phase, iteration } = look;
    const isResting = RESTING.has(state);
    // Between two agents the phase of the status is the next one's already, and an agent may be quicker than two looks.
    const iterations = await chat.iterations(session);
    for (const ended = isResting ? iteration : iteration - 1; told < ended; ) {
      told += 1;
      const one = iterations.get(told);
      const isLast = isResting && told === ended;
      const did = isLast ? (AT_REST[look.for || state] ?? look.summary) : one?.lastAction;
      screen.ended(one?.phase ?? phase, did ?? '');
    }
    if (isResting) return { ...look, cursor };
    const child = state === 'running' && iteration > told ? iteration : undefined;
    const itsPhase = iterations.get(iteration)?.phase ?? phase;
    screen.progress({ session, phase: itsPhase, child, state, doing: look.activity });
  }
}

/** What the agent did before a rest: the status then speaks of the rest alone. */
const AT_REST: Readonly<Record<string, string>> = {
  qa_answers: 'It has questions',
  plan_approval: 'It has a plan',
  done: 'It wrote the summary',
};

/** One answer at a time, as in a chat; one that the server does not understand is asked for again. */
async function answerQuestions({ chat, session, screen }: Play): Promise<Story['answers']> {
  screen.chapter('Gate 1: questions for the human');
  screen.toolCall('read_qa');
  const answers: Story['answers'] = [];
  const { questions } = await chat.call('read_qa', { session });
  for (const question of questions) {
    while (answers.at(-1)?.id !== question.id) {
      const text = await screen.question(question);
      screen.toolCall('answer_qa', `${question.id}=${text}`);
      try {
        await chat.call('answer_qa', { session, answers: { [question.id]: text } });
        answers.push({ id: question.id, text });
      } catch (error) {
        const isRefused = DEMO_ERRORS.tool_refused.is(error);
        if (!isRefused || error.args.code !== 'answer_not_understood') throw error;
        screen.line(`${error.why} ${error.hint}`);
      }
    }
  }
  return answers;
}

async function settlePlan({ chat, session, screen }: Play): Promise<string> {
  screen.chapter('Gate 2: the plan');
  screen.toolCall('read_plan');
  const { plan, hash, text } = await chat.call('read_plan', { session });
  const { title = plan, phases } = parsePlan(text);
  const outline = phases.map(
    ({ number, name, steps }) => `  Phase ${number}: ${name} (${steps.total} steps)`,
  );
  const feedback = await screen.plan([title, ...outline].join('\n'));
  if (feedback === undefined) {
    screen.toolCall('approve_plan', hash);
    await chat.call('approve_plan', { session, hash });
    screen.chapter('Hands off: the plan becomes commits');
  } else {
    screen.toolCall('request_changes', `“${feedback}”`);
    await chat.call('request_changes', { session, feedback });
  }
  return plan;
}
