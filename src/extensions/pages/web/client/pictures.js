// The pictures of an application's pages. A request for one needs the key, which `src` cannot carry; each is loaded once.
import { call } from './base.js';

const loaded = new Map();
const MOST_LOADED = 60;

function dataOf(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });
}

/** @returns undefined if its file is missing or has changed */
async function readPicture(address) {
  const answer = await call(address);
  return answer.ok ? await dataOf(await answer.blob()) : undefined;
}

async function showPicture(image) {
  const address = image.dataset.picture;
  if (!loaded.has(address)) {
    if (loaded.size >= MOST_LOADED) loaded.delete(loaded.keys().next().value);
    loaded.set(address, readPicture(address));
  }
  const data = await loaded.get(address).catch(() => undefined);
  if (data) image.src = data;
  else {
    loaded.delete(address);
    image.removeAttribute('height');
    image.alt = `${image.alt}: not shown, because its file is missing or has changed`;
  }
}

const nearPictures = new IntersectionObserver(
  (entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      nearPictures.unobserve(target);
      showPicture(target);
    }
  },
  { rootMargin: '600px' },
);
addEventListener('filled', ({ target }) => {
  for (const image of target.querySelectorAll('img[data-picture]')) nearPictures.observe(image);
});
