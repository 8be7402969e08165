import { join } from 'node:path';
import type * as z from 'zod';
import type { Clock } from '../base/clock.ts';
import { SamocodeError } from '../base/errors.ts';
import type { Phase } from '../phases/table.ts';
import { followUntilRest, newTeller } from './follow-until-rest.ts';
import { type Parent, ToolRefusedError } from './parent.ts';
import { planOutline } from './plan-outline.ts';
import type { DemoPerson, DemoQuestion, DemoScreen } from './screen.ts';
import { type Look, Plan, Questions, Said, SetUp, Started } from './tool-shapes.ts';

export interface Play {
  parent: Parent;
  /** The project's folder. */
  repo: string;
  task: string;
  clock: Clock;
  screen: DemoScreen;
  person: DemoPerson;
  signal: AbortSignal;
  /** Called between set-up and start. */
  beforeStart(): Promise<void>;
}

/** What a session came to, as its parent knows it. */
export interface Story {
  session: string;
  sessionDir: string;
  branch: string;
  worktree: string;
  phases: Phase[];
  iterations: number;
  answers: { id: string; text: string }[];
  /** File name of the approved plan. */
  plan: string;
  summary: string;
}

/** Plays the parent from `setup_project` to done. @throws SessionRestedError when it rests anywhere else */
export async function playSession(play: Play): Promise<Story> {
  const { parent, screen, repo, task } = play;
  screen.toolCall('setup_project', repo);
  const { sessions } = await parent.call(
    'setup_project',
    { project_dir: repo, provider: 'rehearsal' },
    SetUp,
  );
  await play.beforeStart();
  screen.toolCall('start_session', `“${task}”`);
  const started = await parent.call('start_session', { project_dir: repo, task, name: 'way-back' }, Started);
  const { session } = started;
  return { ...(await relay(play, started)), session, sessionDir: join(sessions, session) };
}

type Begun = z.infer<typeof Started>;
type Told = Omit<Story, 'session' | 'sessionDir'>;

async function relay(play: Play, { session, cursor: from, phase }: Begun): Promise<Told> {
  const phases = new Set<Phase>(['init', phase]);
  const teller = newTeller(play, session);
  const answers: Told['answers'] = [];
  let plan = '';
  for (let cursor = from; ; ) {
    const { look, cursor: next } = await followUntilRest(play, { session, cursor, phases, teller });
    cursor = next;
    const need = look.state === 'waiting' ? look.for : look.state;
    if (need === 'qa_answers') answers.push(...(await answerQuestions(play, session)));
    else if (need === 'plan_approval') plan = await settlePlan(play, session);
    else if (need === 'done') return { ...ofDone(look), phases: [...phases], answers, plan };
    else throw new SessionRestedError(look);
  }
}

function ofDone({ branch = '', worktree = '', iteration, says }: Look) {
  return { branch, worktree, iterations: iteration, summary: says?.summary ?? '' };
}

async function answerQuestions(play: Play, session: string): Promise<Told['answers']> {
  const { parent, screen } = play;
  screen.chapter('Gate 1: questions for the human');
  screen.toolCall('read_qa');
  const { questions } = await parent.call('read_qa', { session }, Questions);
  const answers: Told['answers'] = [];
  for (const question of questions) {
    screen.question(question);
    answers.push(await handOver(play, session, question));
  }
  return answers;
}

/** One answer at a time, as in a chat; one that the server does not understand is asked for again. */
async function handOver({ parent, screen, person }: Play, session: string, question: DemoQuestion) {
  for (;;) {
    const { id } = question;
    const text = await person.answer(question);
    screen.toolCall('answer_qa', `${id}=${text}`);
    try {
      await parent.call('answer_qa', { session, answers: { [id]: text } }, Said);
      return { id, text };
    } catch (error) {
      if (!(error instanceof ToolRefusedError) || error.code !== 'answer_not_understood') throw error;
      screen.line(`${error.why} ${error.hint}`);
    }
  }
}

async function settlePlan({ parent, screen, person }: Play, session: string): Promise<string> {
  screen.chapter('Gate 2: the plan');
  screen.toolCall('read_plan');
  const { plan, hash, text } = await parent.call('read_plan', { session }, Plan);
  screen.quote(planOutline(text));
  const feedback = await person.judgePlan();
  if (feedback !== undefined) {
    screen.toolCall('request_changes', `“${feedback}”`);
    await parent.call('request_changes', { session, feedback }, Said);
    return plan;
  }
  screen.toolCall('approve_plan', hash);
  await parent.call('approve_plan', { session, hash }, Said);
  screen.chapter('Hands off: the plan becomes commits');
  return plan;
}

class SessionRestedError extends SamocodeError {
  readonly code = 'demo_rested';

  constructor({ summary, says }: Look) {
    const reason = says?.reason ?? says?.why;
    super(
      'The demo did not come to its end.',
      `${summary}${reason ? ` ${reason}` : ''}`,
      'The folder was kept: session.log in it tells what happened.',
    );
  }
}
