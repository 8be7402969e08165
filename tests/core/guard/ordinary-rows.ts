/** An action of an ordinary agent; `needs` names tools that not every machine has. */
export interface OrdinaryRow {
  title: string;
  script: string;
  needs?: string;
}

export const ORDINARY: readonly OrdinaryRow[] = [
  {
    title: 'npm ci, with a dependency from a tarball',
    script: `cd node; npm pack --silent ./lib; npm install --offline --no-audit --no-fund ./boat-lib-1.0.0.tgz
      rm -r node_modules; npm ci --offline --no-audit --no-fund
      test "$(node -p 'require("boat-lib")')" = afloat; git checkout -q .`,
  },
  {
    title: 'a development server, and a request to it',
    script: `node node/server.js >port & server=$!
      until [ -s port ]; do sleep 0.05; done
      node -e 'fetch("http://127.0.0.1:" + process.argv[1]).then((r) => r.text()).then(console.log)' "$(cat port)" | grep -qx afloat
      kill "$server"; rm port`,
  },
  {
    title: 'cargo build, with its caches in HOME',
    needs: 'cargo',
    script: `export CARGO_HOME="$HOME/.cargo"; cd rust; cargo build --quiet --offline; test "$(target/debug/boat)" = afloat
      test -d "$CARGO_HOME"`,
  },
  {
    title: 'pip install into a venv',
    needs: 'python3',
    script: `python3 python/wheel.py; python3 -m venv .venv
      .venv/bin/pip install --quiet --no-index --disable-pip-version-check ./boat-1.0-py3-none-any.whl
      test "$(.venv/bin/python -c 'import boat; print(boat.state)')" = afloat`,
  },
  {
    title: 'commit, amend and read the log',
    script: `echo 1 >one.txt; git add one.txt; git commit -qm One; git commit -q --amend -m Two
      test "$(git log -1 --format=%s)" = Two; git status --porcelain >/dev/null`,
  },
  {
    title: 'rebase onto fetched commits',
    script: `git clone -q --bare "$(git rev-parse --git-common-dir)" "$HOME/.cache/near.git"
      git fetch -q "$HOME/.cache/near.git" main:refs/remotes/near/main
      git commit -q --allow-empty -m Three; git rebase -q --force-rebase near/main
      git commit -q --amend --allow-empty -m Four`,
  },
  { title: 'push to a remote', script: 'git push -q "$HOME/.cache/near.git" HEAD:refs/heads/pushed' },
  {
    title: 'stash, and restore it',
    script:
      'echo 2 >>README.md; git stash push -q; git stash pop -q; git checkout -q README.md; test -z "$(git stash list)"',
  },
  {
    title: 'make folders of its own in home, and install a version beside the others',
    script: `mkdir -p "$HOME/.newtool" "$HOME/.config/newtool" "$HOME/.local/share/uv/python/cpython-3.13/bin" "$HOME/.rustup/toolchains/1.80/bin"
      echo x >"$HOME/.newtool/settings"; echo x >"$HOME/.rustup/toolchains/1.80/bin/rustc"`,
  },
  {
    title: 'change settings of git for all repositories',
    script:
      'git config --global alias.st status; git st --short >/dev/null; git config --global --unset alias.st',
  },
  { title: 'tag', script: 'git tag light; git tag -am Full full; git tag -l | grep -qx full' },
  {
    title: 'commit an LFS file',
    needs: 'git-lfs',
    script: `git lfs track '*.bin' >/dev/null; head -c 1000 /dev/urandom >a.bin; git add .gitattributes a.bin
      git commit -qm Large; git lfs ls-files | grep -q a.bin`,
  },
  {
    title: "start the programs that a CLI's own sandbox starts",
    script: 'bwrap --unshare-user --unshare-pid --dev-bind / / --ro-bind "$HOME" "$HOME" true',
  },
  {
    title: 'have sudo refused, with its reason',
    needs: 'sudo',
    // Root needs no further rights, so another user runs it.
    script:
      'as=; test "$(id -u)" != 0 || as="setpriv --reuid 65534 --regid 65534 --clear-groups"; $as sudo -n true 2>&1 | grep "no new privileges"',
  },
  {
    title: 'leave its worktree without a trace',
    script: 'git stash -qu; git status --porcelain | wc -l | grep -qx 0',
  },
];

/** In the repository they work in. */
export const ORDINARY_FILES: Readonly<Record<string, string>> = {
  'README.md': '# Boat\n',
  '.gitignore': 'node_modules\ntarget\n.venv\n*.whl\n*.tgz\n',
  'node/package.json': '{ "name": "boat", "version": "1.0.0", "private": true }\n',
  'node/server.js': `const server = require('node:http').createServer((_, to) => to.end('afloat'));
server.listen(0, '127.0.0.1', () => console.log(server.address().port));\n`,
  'node/lib/package.json': '{ "name": "boat-lib", "version": "1.0.0", "main": "index.js" }\n',
  'node/lib/index.js': "module.exports = 'afloat';\n",
  'rust/Cargo.toml': '[package]\nname = "boat"\nversion = "1.0.0"\nedition = "2021"\n',
  'rust/src/main.rs': 'fn main() {\n    println!("afloat");\n}\n',
  'python/wheel.py': `import zipfile
with zipfile.ZipFile('boat-1.0-py3-none-any.whl', 'w') as wheel:
    info = 'boat-1.0.dist-info/'
    wheel.writestr('boat.py', "state = 'afloat'\\n")
    wheel.writestr(info + 'METADATA', 'Metadata-Version: 2.1\\nName: boat\\nVersion: 1.0\\n')
    wheel.writestr(info + 'WHEEL', 'Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')
    wheel.writestr(info + 'RECORD', 'boat.py,,\\n')
`,
};
