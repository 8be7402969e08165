import * as z from 'zod';
import { ACTOR, Actor, COMMENT, CommentNode, ForgeText, maybe, nodes, Time } from './github-answers.ts';

const EventNode = z.object({
  actor: Actor,
  createdAt: Time,
  // An event that renames the title has no label.
  label: maybe(z.object({ name: ForgeText })),
});

export const IssueNode = z
  .object({
    number: z.int(),
    url: ForgeText,
    state: z.string(),
    title: ForgeText,
    body: ForgeText,
    author: Actor,
    createdAt: Time,
    labels: maybe(nodes(z.object({ name: ForgeText }))),
    /** The newest 100, oldest first. */
    comments: nodes(CommentNode),
    timelineItems: nodes(EventNode),
    userContentEdits: maybe(nodes(z.object({ editor: Actor, editedAt: Time }))),
  })
  .transform(({ state, labels = [], timelineItems, userContentEdits = [], ...issue }) => {
    const ofBody = userContentEdits.map(({ editor, editedAt }) => ({ by: editor.login, at: editedAt }));
    const events = timelineItems.map(({ actor, createdAt: at, label }) => ({ by: actor.login, at, label }));
    return {
      ...issue,
      isOpen: state === 'OPEN',
      labels: labels.map(({ name }) => name),
      /** Who added which label, in order. Labels that an issue form adds are attributed to the issue's author. */
      labelled: events.flatMap(({ label, ...rest }) => (label ? [{ label: label.name, ...rest }] : [])),
      /** Edits of title and body, in order. */
      edits: [
        // GitHub lists the first version of a text among its edits.
        ...ofBody
          .filter(({ at }) => at !== issue.createdAt)
          .map((edit) => ({ what: 'body' as const, ...edit })),
        ...events.flatMap(({ label, ...edit }) => (label ? [] : [{ what: 'title' as const, ...edit }])),
      ].sort((a, b) => (a.at < b.at ? -1 : 1)),
    };
  });
export type Issue = z.infer<typeof IssueNode>;

export const ISSUE = `
  number url state title body author ${ACTOR} createdAt
  labels(first: 100) { nodes { name } }
  comments(last: 100) { nodes { ${COMMENT} } }
  timelineItems(itemTypes: [LABELED_EVENT, RENAMED_TITLE_EVENT], last: 100) { nodes {
    ... on LabeledEvent { actor ${ACTOR} createdAt label { name } }
    ... on RenamedTitleEvent { actor ${ACTOR} createdAt } } }
  userContentEdits(first: 100) { nodes { editor ${ACTOR} editedAt } }`;
