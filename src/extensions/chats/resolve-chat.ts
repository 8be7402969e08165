import { resolveWork } from '../../core/acts/sessions/resolve-work.ts';
import type { FilesOfWork, ResolvedWork } from '../../core/acts/sessions/start/start-sources.ts';
import type { ChatWork } from '../../core/acts/sessions/start/work.ts';
import type { ActionContext } from '../../core/caller/context/context.ts';
import { fingerprint } from '../../core/kernel/files/fingerprint.ts';
import { secretFilter, withoutMarks } from '../../core/kernel/secrets.ts';
import type { Project } from '../../core/project/finding/open-project.ts';
import { CHAT_PLAN } from '../../core/session/documents/given-plan.ts';
import type { GivenChat, GivenPlan } from '../../core/session/events/bodies/session-file.ts';
import { CHAT_ERRORS } from './chat-errors.ts';
import { type FoundChat, piecesOf } from './clients/chat.ts';
import { briefDocument, chatDocument } from './document/chat-document.ts';
import { secretsOfProject } from './document/secrets-of-project.ts';
import { TurnCollector } from './document/turns.ts';
import { ChangeCollector } from './files/chat-changes.ts';
import { filesOfChat } from './files/files-of-chat.ts';
import { chatById, chatOfCall } from './find-chat.ts';

const TASK = 'Carry on the work of the chat that _chat.md quotes.';
const MAX_BRIEF_CHARS = 20_000;
/** The name of a session needs only the beginning of a text. */
const MAX_WORDS = 200;

/** Work that continues a chat, as a session records it. */
export async function resolveChat(
  { chat: given, with: added }: ChatWork,
  project: Project,
  context: ActionContext,
): Promise<ResolvedWork> {
  const more = added && (await resolveWork(added, project, context));
  const clean = secretFilter(await secretsOfProject(project, context));
  const { chat, begin, files } =
    given.by === 'brief'
      ? quotedBrief(given.text, clean)
      : await quotedChat(await chatNamed(given, project, context), clean, { project, context });
  // The model or the person may have copied a secret of the chat into the task.
  const { task = TASK, dive, givenPlan, way } = more ?? {};
  const named = more?.task === undefined ? begin : more.words;
  const words = withoutMarks(clean(named)).slice(0, MAX_WORDS);
  const plan = givenPlan && planWithout(givenPlan, clean);
  return { givenPlan: plan, way, dive: dive && clean(dive), chat, task: clean(task), words, files };
}

/** A file stays as it is; what the model wrote may quote a secret of the chat. */
function planWithout(plan: GivenPlan, clean: Clean): GivenPlan {
  if (plan.name !== CHAT_PLAN) return plan;
  const text = clean(plan.text);
  return { ...plan, text, hash: fingerprint(text) };
}

export async function chatNamed(
  given: Exclude<ChatWork['chat'], { by: 'brief' }>,
  project: Project,
  context: ActionContext,
): Promise<FoundChat> {
  return given.by === 'caller'
    ? await chatOfCall(given.choose, project, context)
    : await chatById(given.id, project, context);
}

interface Quoted {
  chat: GivenChat;
  /** The text with which it begins, without secrets. */
  begin: string;
  files?: FilesOfWork;
}

type Clean = (text: string) => string;

function quotedBrief(text: string, clean: Clean): Quoted {
  const brief = text.trim();
  if (brief === '' || brief.length > MAX_BRIEF_CHARS)
    throw CHAT_ERRORS.brief_unusable({ chars: brief.length, most: MAX_BRIEF_CHARS });
  const begin = clean(brief);
  return { begin, chat: { from: 'summary', turns: 0, text: briefDocument(begin) } };
}

async function quotedChat(
  found: FoundChat,
  clean: Clean,
  place: { project: Project; context: ActionContext },
): Promise<Quoted> {
  const { client, id } = found;
  const collector = new TurnCollector(clean);
  const changes = new ChangeCollector();
  for (const piece of piecesOf(found)) {
    collector.take(piece);
    changes.take(piece);
  }
  const { turns } = collector;
  const [first] = turns;
  const last = turns.at(-1);
  if (first === undefined || last === undefined) throw CHAT_ERRORS.chat_empty({ client, id });
  const text = chatDocument({ client, id, turns });
  const chat = { from: client, id, turns: last.number, text };
  return { begin: first.person, chat, files: filesOfChat(found, { changes, clean }, place) };
}
