import { type StubIssue, StubPullRequest, type StubRepository } from './model.ts';

export interface StubAnswer {
  status: number;
  headers?: Record<string, string>;
  /** An object is sent as JSON. */
  body?: unknown;
}

export interface StubQuestion {
  method: string;
  path: string;
  search: URLSearchParams;
  body: Record<string, unknown>;
}

type Row = [method: string, path: RegExp, answer: (repository: StubRepository, parts: Parts) => StubAnswer];

interface Parts {
  /** What the path's groups found. */
  ids: string[];
  search: URLSearchParams;
  body: Record<string, unknown>;
  viewer: string;
}

const NOT_FOUND: StubAnswer = { status: 404, body: { message: 'Not Found' } };

const ROWS: readonly Row[] = [
  [
    'GET',
    /^$/,
    ({ fullName, isPrivate, parent }) =>
      ok({ full_name: fullName, private: isPrivate, fork: parent !== undefined, default_branch: 'main' }),
  ],
  [
    'GET',
    /^\/pulls$/,
    (repository, { search }) => {
      const head = search.get('head');
      const open = [...repository.pullRequests.values()].filter(({ state }) => state === 'OPEN');
      const found = open.filter(({ headOwner, headBranch }) => `${headOwner}:${headBranch}` === head);
      return ok(found.map(pullRequestJson));
    },
  ],
  [
    'POST',
    /^\/pulls$/,
    (repository, { body }) => {
      const { title, body: text, base, head, draft } = body;
      const words = { title: String(title), body: String(text), isDraft: draft === true };
      const made = repository.openPullRequest(String(head), { ...words, baseBranch: String(base) });
      return { status: 201, body: pullRequestJson(made) };
    },
  ],
  [
    'PATCH',
    /^\/pulls\/(\d+)$/,
    (repository, { ids: [number], body }) => {
      const pull = repository.pullRequests.get(Number(number));
      if (pull === undefined) return NOT_FOUND;
      if (typeof body.title === 'string') pull.title = body.title;
      if (typeof body.body === 'string') pull.body = body.body;
      return ok(pullRequestJson(pull));
    },
  ],
  [
    'POST',
    /^\/issues\/(\d+)\/comments$/,
    (repository, { ids: [number], body, viewer }) => {
      const place = repository.pullRequests.get(Number(number)) ?? repository.issues.get(Number(number));
      return place === undefined ? NOT_FOUND : said(repository, place, viewer, String(body.body));
    },
  ],
  [
    'POST',
    /^\/pulls\/(\d+)\/comments\/(\d+)\/replies$/,
    (repository, { ids: [number, top], body, viewer }) => {
      const pull = repository.pullRequests.get(Number(number));
      const thread = pull?.threads.find(({ comments }) => comments[0]?.databaseId === Number(top));
      if (pull === undefined || thread === undefined) return NOT_FOUND;
      return { status: 201, body: { html_url: pull.reply(thread, viewer, String(body.body)).url } };
    },
  ],
  [
    'GET',
    /^\/actions\/jobs\/(\d+)\/logs$/,
    (repository, { ids: [job] }) => {
      const log = repository.logs.get(Number(job));
      if (log === undefined) return NOT_FOUND;
      if (log === null) return { status: 410, body: { message: 'Server Error' } };
      const location = `https://logs.github.test/${repository.fullName}/${job}`;
      return { status: 302, headers: { Location: location } };
    },
  ],
  [
    'GET',
    /^\/collaborators\/([^/]+)\/permission$/,
    (repository, { ids: [login = ''] }) => {
      const permission = repository.permissions[decodeURIComponent(login)] ?? 'read';
      if (login.endsWith('%5Bbot%5D')) return { status: 404, body: { message: 'bot is not a user' } };
      return ok({ permission, role_name: permission });
    },
  ],
];

export function answerRest(repository: StubRepository, question: StubQuestion, viewer: string): StubAnswer {
  const path = question.path.replace(/^\/repos\/[^/]+\/[^/]+/, '');
  for (const [method, pattern, answer] of ROWS) {
    const found = method === question.method ? pattern.exec(path) : null;
    if (found !== null) return answer(repository, { ...question, ids: found.slice(1), viewer });
  }
  return NOT_FOUND;
}

function ok(body: unknown): StubAnswer {
  return { status: 200, body };
}

function said(
  repository: StubRepository,
  place: StubPullRequest | StubIssue,
  viewer: string,
  body: string,
): StubAnswer {
  if (place instanceof StubPullRequest)
    return { status: 201, body: { html_url: place.say(viewer, body).url } };
  const url = `https://github.com/${repository.fullName}/issues/${place.number}#issuecomment-`;
  const comment = repository.newComment(viewer, body, url);
  place.comments.push(comment);
  return { status: 201, body: { html_url: comment.url } };
}

function pullRequestJson({ number, url, title, body, state, isDraft }: StubPullRequest): object {
  // GitHub stores the line ends of a form.
  const text = body.replace(/\r?\n/g, '\r\n');
  return { number, html_url: url, title, body: text, state: state.toLowerCase(), draft: isDraft };
}
