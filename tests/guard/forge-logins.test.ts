import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ci } from '../support/ci.ts';
import { type GuardScene, makeScene } from './guard-scene.ts';
import type { Place, Variables } from './places.ts';
import { USERS } from './users.ts';

// Logins of the user at GitHub and GitLab, asked for by the programs that use them.

const env = ({ BASE }: Variables) => ({
  GH_CONFIG_DIR: `${BASE}/gh-of-work`,
  XDG_CONFIG_HOME: `${BASE}/settings`,
  XDG_CACHE_HOME: `${BASE}/cache`,
  NETRC: `${BASE}/netrc-of-work`,
});

/** `filled` asks one credential helper of git; `cached` gives the login to git's daemon. */
const LOGINS = String.raw`
for folder in "$HOME/.config/gh" "$XDG_CONFIG_HOME/gh" "$GH_CONFIG_DIR"; do
  mkdir -p "$folder"
  printf 'github.com:\n  user: person\n  oauth_token: a-secret\n' >"$folder/hosts.yml"
done
mkdir -p "$HOME/dotfiles/glab" "$XDG_CONFIG_HOME/git"
echo 'token: a-secret' >"$HOME/dotfiles/glab/config.yml"
ln -s ../dotfiles/glab "$HOME/.config/glab-cli"
for file in "$HOME/.git-credentials" "$XDG_CONFIG_HOME/git/credentials"; do
  echo 'https://person:a-secret@github.com' >"$file"
done
for file in "$HOME/.netrc" "$NETRC"; do
  echo 'machine 127.0.0.1 login person password a-secret' >"$file"
done
cat >"$BASE/tools/bin/filled" <<'end'
#!/bin/sh
printf 'protocol=https\nhost=github.com\n\n' | GIT_TERMINAL_PROMPT=0 git -c credential.helper="$1" credential fill
end
cat >"$BASE/tools/bin/cached" <<'end'
#!/bin/sh
printf 'protocol=https\nhost=github.com\nusername=person\npassword=a-secret\n' | git credential-cache store
end
chmod 755 "$BASE/tools/bin/filled" "$BASE/tools/bin/cached"
`;

const STOP = 'git credential-cache exit';

const ROWS = [
  ['gh, logged in below home', 'env -u GH_CONFIG_DIR -u XDG_CONFIG_HOME gh auth token'],
  ['gh, logged in below XDG_CONFIG_HOME', 'env -u GH_CONFIG_DIR gh auth token'],
  ['gh, logged in in GH_CONFIG_DIR', 'gh auth token'],
  ['gh as a helper of git', 'filled "!gh auth git-credential"'],
  ['glab, by a link', 'cat "$HOME/.config/glab-cli/config.yml"'],
  ['glab, where that link leads', 'cat "$HOME/dotfiles/glab/config.yml"'],
  ['git, by its file in home', 'filled "store --file $HOME/.git-credentials"'],
  ['git, by its file below XDG_CONFIG_HOME', 'HOME=/nowhere filled store'],
  ['git, by its daemon', 'filled cache'],
  ['curl, by .netrc', 'curl -sf --netrc "http://127.0.0.1:$PORT"'],
  ['curl, by the file that NETRC names', 'curl -sf --netrc-file "$NETRC" "http://127.0.0.1:$PORT"'],
] as const;

/** What SANDBOX_READ opens, below home. */
const OPENED = ['.config/gh', '.config/glab-cli', 'dotfiles/glab', '.git-credentials', '.netrc'];

const SECRET = /a-secret/;

describe.each(USERS)('logins of GitHub and GitLab, $name', (user) => {
  const scenes: GuardScene[] = [];
  const server = createServer(({ headers }, response) => {
    const [, login = ''] = headers.authorization?.split(' ') ?? [];
    response.end(Buffer.from(login, 'base64').toString());
  });
  let port = 0;
  const scene = async (place: Partial<Place>, services = `${LOGINS}cached`) => {
    const more = (at: Variables) => ({ ...env(at), PORT: `${port}` });
    const made = await makeScene(user, { title: '', env: more, services, ...place });
    scenes.push(made);
    return made;
  };
  let open: GuardScene;
  let closed: GuardScene;
  let strict: GuardScene;
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
    open = await scene({});
    closed = await scene({ hidesForgeLogin: true });
    strict = await scene({ hidesForgeLogin: true, strict: { ports: [port] }, readable: OPENED });
  });
  afterAll(async () => {
    for (const each of scenes) {
      await each.outside(STOP);
      await each[Symbol.asyncDispose]();
    }
    server.close();
  });

  test.each(ROWS)('an agent that other people’s words can reach has none of %s', ci, async (_, script) => {
    expect(await closed.outside(script)).toMatch(SECRET);
    expect((await open.inside(script)).stdout, 'nobody else’s words reach this one').toMatch(SECRET);
    for (const agent of [closed, strict]) expect((await agent.inside(script)).stdout).not.toMatch(SECRET);
  });

  test('in the strict sandbox SANDBOX_READ does not show them', async () => {
    const shown = await scene({ strict: {}, readable: OPENED });
    const script =
      'cat "$HOME/.config/gh/hosts.yml" "$HOME/dotfiles/glab/config.yml" "$HOME/.git-credentials"';
    expect((await shown.inside(script)).stdout.match(/a-secret/g)).toHaveLength(3);
    expect((await strict.inside(script)).stdout).not.toMatch(SECRET);
  });

  test('a daemon of git that begins while an agent works does not answer it', async () => {
    const later = await scene({ hidesForgeLogin: true }, LOGINS);
    const act = async () => {
      expect(await later.outside('cached; filled cache')).toMatch(SECRET);
    };
    expect((await later.insideAfter(act, 'filled cache')).stdout).not.toMatch(SECRET);
  });

  test('what git and other programs need beside these logins stays as it is', async () => {
    const { stdout } = await closed.inside(
      'git config user.name; git commit -q --allow-empty -m Work && git log -1 --format=%s; curl -s "http://127.0.0.1:$PORT" && echo reached',
    );
    expect(stdout).toBe('Person\nWork\nreached\n');
  });
});
