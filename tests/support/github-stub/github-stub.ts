import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { runCommand } from '../../../src/core/kernel/processes/run-command.ts';
import { bytesOf, served } from '../model-stub/server.ts';
import { tempDir } from '../temp-dir.ts';
import { makeCertificates } from './certificates.ts';
import { serveGit } from './git-backend.ts';
import { answerQuestion, FieldError, parseQuestion, pointsOf } from './graphql.ts';
import { StubRepository } from './model.ts';
import { answerRest, type StubAnswer } from './rest.ts';

export interface SeenRequest {
  method: string;
  host: string;
  /** With its query. */
  path: string;
  authorization: string | undefined;
  /** What it cost, of a question in GraphQL. */
  points: number;
}

/** Instead of an answer: another one and nothing done, or everything done and the connection cut. */
export type StubFault = StubAnswer | 'cut';

export interface GitHubStub extends AsyncDisposable {
  /** For `gh` and `git`: they reach the stub as https://github.com, with a login. */
  env: Record<string, string>;
  /** Every request but those of git. */
  requests: SeenRequest[];
  /** Bare repositories, `<owner>/<name>.git`. */
  gitRoot: string;
  /** The login of the token; undefined: it is refused. */
  viewer: string | undefined;
  fault: ((request: SeenRequest) => StubFault | undefined) | undefined;
  /** A repository that the API knows, and git as https://github.com/<fullName>.git. */
  addRepository(fullName: string): Promise<StubRepository>;
  points(): number;
}

const TOKEN = 'token-of-a-test';

/**
 * GitHub on 127.0.0.1, for the real `gh` and `git`: an HTTP proxy whose CONNECT leads to a TLS server of ours, with
 * certificates of a CA of the test. So the code under test says github.com and needs no switch.
 */
export async function gitHubStub(): Promise<GitHubStub> {
  const dir = await tempDir('samocode-github-');
  const { caPath, key, cert } = await makeCertificates(dir.path);
  const repositories = new Map<string, StubRepository>();
  const gitRoot = join(dir.path, 'git');
  const tls = createTlsServer({ key, cert }, (request, response) => {
    answer(request, response).catch((error) => {
      console.error(error);
      response.destroy();
    });
  });
  const api = await served(tls);
  const sockets = new Set<Socket>();
  const connecting = createServer().on('connect', (_request, client: Socket) => {
    const upstream = connect(api.port, '127.0.0.1');
    client.write('HTTP/1.1 200 Connection established\r\n\r\n');
    for (const [from, to] of [[client, upstream] as const, [upstream, client] as const]) {
      sockets.add(from);
      from.on('error', () => to.destroy()).on('close', () => sockets.delete(from));
      from.pipe(to);
    }
  });
  const proxy = await served(connecting);
  const stub: GitHubStub = {
    env: {
      ...{ HTTPS_PROXY: proxy.url, SSL_CERT_FILE: caPath, GIT_SSL_CAINFO: caPath },
      GH_TOKEN: TOKEN,
    },
    ...{ requests: [], gitRoot, viewer: 'person', fault: undefined },
    async addRepository(fullName) {
      const made = new StubRepository(fullName);
      repositories.set(fullName.toLowerCase(), made);
      await git(['init', '--quiet', '--bare', '-b', 'main', join(gitRoot, `${fullName}.git`)]);
      return made;
    },
    points: () => stub.requests.reduce((sum, { points }) => sum + points, 0),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      for (const server of [api, proxy]) await server.close();
      await dir[Symbol.asyncDispose]();
    },
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const host = request.headers.host ?? '';
    if (host === 'github.com') return await gitAnswer(request, response);
    const body = (await bytesOf(request)).toString();
    const path = request.url ?? '/';
    const { authorization } = request.headers;
    const question = path === '/graphql' ? parseQuestion(JSON.parse(body).query) : undefined;
    const points = question === undefined ? 0 : pointsOf(question);
    const seen = { method: request.method ?? 'GET', host, path, authorization, points };
    stub.requests.push(seen);
    const fault = stub.fault?.(seen);
    if (typeof fault === 'object') return send(response, fault);
    const made = host.startsWith('api.') ? apiAnswer(seen, body, question) : logAnswer(path);
    if (seen.method === 'POST' && path.endsWith('/pulls')) await followBranches();
    if (fault === 'cut') request.socket.destroy();
    else send(response, made);
  }

  function apiAnswer(
    { method, path, authorization, points }: SeenRequest,
    body: string,
    question: ReturnType<typeof parseQuestion> | undefined,
  ): StubAnswer {
    const { viewer } = stub;
    if (viewer === undefined || authorization !== `token ${TOKEN}`)
      return { status: 401, body: { message: 'Bad credentials' } };
    const url = new URL(path, 'https://api.github.com');
    if (url.pathname === '/user') return { status: 200, body: { login: viewer } };
    if (question !== undefined) return { status: 200, body: answerQuestion(question, root(viewer, points)) };
    const [, , owner, name] = url.pathname.split('/');
    const repository = repositories.get(`${owner}/${name}`.toLowerCase());
    if (repository === undefined) return { status: 404, body: { message: 'Not Found' } };
    const asked = {
      method,
      path: url.pathname,
      search: url.searchParams,
      body: body ? JSON.parse(body) : {},
    };
    return answerRest(repository, asked, viewer);
  }

  function root(viewer: string, cost: number): object {
    return {
      viewer: { login: viewer },
      rateLimit: { cost, remaining: 5000 - stub.points(), resetAt: '2026-01-08T11:00:00Z' },
      repository({ owner, name }: { owner: string; name: string }) {
        const found = repositories.get(`${owner}/${name}`.toLowerCase());
        if (found !== undefined) return found.node(viewer);
        throw new FieldError(
          'NOT_FOUND',
          `Could not resolve to a Repository with the name '${owner}/${name}'.`,
        );
      },
      node({ id }: { id: string }) {
        for (const each of repositories.values()) {
          const thread = each.threadNode(id, viewer);
          if (thread !== undefined) return thread;
        }
        throw new FieldError('NOT_FOUND', `Could not resolve to a node with the global id of '${id}'.`);
      },
    };
  }

  /** Without a login: GitHub leads there by an address that carries one. */
  function logAnswer(path: string): StubAnswer {
    const [, owner, name, job] = path.split('/');
    const log = repositories.get(`${owner}/${name}`)?.logs.get(Number(job));
    return { status: log == null ? 404 : 200, headers: { 'Content-Type': 'text/plain' }, body: log ?? '' };
  }

  /** Anybody reads; who pushes needs the token. */
  async function gitAnswer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const isPush = /git-receive-pack/.test(request.url ?? '');
    const [, basic = ''] = /^Basic (.+)$/i.exec(request.headers.authorization ?? '') ?? [];
    const isPerson = Buffer.from(basic, 'base64').toString().endsWith(`:${TOKEN}`);
    if (isPush && !isPerson) {
      response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="GitHub"' }).end();
      return;
    }
    const isPosted = isPush && request.method === 'POST';
    // Before who pushed hears of it: a check of theirs is one of the new head.
    await serveGit(request, response, { root: gitRoot, before: isPosted ? followBranches : undefined });
  }

  /** Heads and bases of open pull requests are where their branches are, those of forks included. */
  async function followBranches(): Promise<void> {
    const all = [...repositories.values()];
    const tips = new Map<StubRepository, Map<string, string>>();
    for (const each of all) tips.set(each, await branchesOf(each));
    for (const base of all) {
      for (const pull of base.pullRequests.values()) {
        if (pull.state !== 'OPEN') continue;
        pull.base = tips.get(base)?.get(pull.baseBranch) ?? pull.base;
        const isOwn = pull.headOwner === base.owner;
        const fork = all.find(({ owner, parent }) => owner === pull.headOwner && parent === base.fullName);
        const from = isOwn ? base : fork;
        const tip = from && tips.get(from)?.get(pull.headBranch);
        pull.push(tip ?? pull.head);
        if (from === undefined || tip === undefined) continue;
        const refs = `+refs/heads/${pull.headBranch}:refs/pull/${pull.number}/head`;
        await git(['--git-dir', gitDirOf(base), 'fetch', '--quiet', gitDirOf(from), refs]);
      }
    }
  }

  function gitDirOf({ fullName }: StubRepository): string {
    return join(gitRoot, `${fullName}.git`);
  }

  async function branchesOf(repository: StubRepository): Promise<Map<string, string>> {
    const format = '--format=%(refname:lstrip=2) %(objectname)';
    const list = await git(['--git-dir', gitDirOf(repository), 'for-each-ref', format, 'refs/heads']);
    return new Map(list.split('\n').map((line) => line.split(' ') as [string, string]));
  }

  return stub;
}

function send(response: ServerResponse, { status, headers = {}, body = '' }: StubAnswer): void {
  const isText = typeof body === 'string';
  const type = isText ? {} : { 'Content-Type': 'application/json; charset=utf-8' };
  response.writeHead(status, { ...type, ...headers }).end(isText ? body : JSON.stringify(body));
}

async function git(args: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await runCommand('git', args);
  if (exitCode !== 0) throw new Error(`git ${args.join(' ')}: ${stderr}`);
  return stdout.trim();
}
