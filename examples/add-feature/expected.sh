# In the worktree of the session: the suite, then the running application.
node --test >/dev/null
cat >served.tmp.mjs <<'FILE'
import { newApp } from './src/app.js';
import { BOOKS } from './support/books.js';
const server = newApp([...BOOKS]).listen(0);
const ask = async (query) => (await fetch(`http://localhost:${server.address().port}/books${query}`)).text();
console.log(await ask('?author=ada lovelace'));
console.log(await ask('?limit=1&page=2'));
server.close();
FILE
trap 'rm -f served.tmp.mjs' EXIT
node served.tmp.mjs
node served.tmp.mjs | head -n 1 | grep -q '"title":"Letters"'
node served.tmp.mjs | tail -n 1 | grep -q '"id":2'
grep -q author README.md
git log --oneline main..HEAD
# What the proof says about pictures of the page.
sed -n '/^## What people will see/,/^## /{/^[^#]/p;}' "$SESSION/proof/proof.md"
