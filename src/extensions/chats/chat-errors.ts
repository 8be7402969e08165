import { errors } from '../../core/kernel/errors.ts';

/** @param chats those of the project, one per line; empty if none was found */
function choosing(chats: string) {
  const found =
    chats === '' ? NO_CHAT : 'In a terminal, a start with --chat <id> takes the chat that is meant.';
  const list = chats === '' ? '' : `\nChats of this project, newest first:\n${chats}`;
  return { hint: `${found}${list}`, modelHint: `${found} ${BRIEF}${list}` };
}

/** Only a model can summarise the chat in which it is. */
const withBrief = (hint: string) => ({ hint, modelHint: `${hint} ${BRIEF}` });

const NO_CHAT = 'No chat of Claude Code, Codex or opencode was found in this project.';
const BRIEF = 'A chat can also pass its own summary, as the brief.';

export const CHAT_ERRORS = errors({
  chat_unnamed: ({ chats }: { chats: string }) => ({
    what: 'The chat to start from is not known, so no session was started.',
    why: 'Only Claude Code and Codex name the chat that makes a call, and this call names none.',
    ...choosing(chats),
  }),
  chat_id_missing: ({ chats }: { chats: string }) => ({
    what: 'The chat to start from is not known, so no session was started.',
    why: 'The command has --chat without the id of a chat.',
    hint:
      chats === ''
        ? `${NO_CHAT} Give the session a task.`
        : `Type the id after --chat.\nChats of this project, newest first:\n${chats}`,
  }),
  chat_ambiguous: ({ client, chats }: { client: string; chats: string }) => ({
    what: 'The chat to start from is not known, so no session was started.',
    why: `More than one transcript of ${client} contains this call.`,
    ...choosing(chats),
  }),
  chat_not_found: ({ client, id, chats }: { client: string; id: string; chats: string }) => ({
    what: 'The chat to start from was not found, so no session was started.',
    why: `No transcript of ${client} on this machine contains ${JSON.stringify(id)}.`,
    ...choosing(chats),
  }),
  chat_elsewhere: ({ client, id, project }: { client: string; id: string; project: string }) => ({
    what: 'No session was started.',
    why: `The chat ${id} of ${client} did not begin in ${project}, and a session continues only chats of its project.`,
    ...withBrief(
      'Start the session in the project of that chat. If that project was moved or renamed since, give the session a task instead.',
    ),
  }),
  chat_unreadable: ({ client, id, why }: { client: string; id: string; why: string }) => ({
    what: `The chat ${id} of ${client} could not be read, so no session was started.`,
    why,
    ...withBrief(`Check that ${client} still shows this chat.`),
  }),
  secrets_unread: ({ path, why }: { path: string; why: string }) => ({
    what: `The secrets in ${path} could not be found, so no session was started.`,
    why: `${why} Its values must not be in the document about the chat.`,
    hint: 'Make it a file that you can read, of at most 1 MB, move it out of the project, or start with a task alone.',
  }),
  chat_empty: ({ client, id }: { client: string; id: string }) => ({
    what: `The chat ${id} of ${client} has nothing to start from, so no session was started.`,
    why: 'Its transcript contains no text of a person.',
    hint: 'Give the session a task.',
  }),
  brief_unusable: ({ chars, most }: { chars: number; most: number }) => ({
    what: 'The brief was not taken, so no session was started.',
    why: chars === 0 ? 'It is empty.' : `It has ${chars} characters, and a brief has at most ${most}.`,
    hint: 'Summarise what was decided, found, tried and refused.',
  }),
});
