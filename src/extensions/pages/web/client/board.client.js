// The board: cards by group, each at its place.
function placeCards(cards, more) {
  const groups = new Map();
  for (const [key] of cards) view.stays?.add(`c-${key}`);
  if (view.stays && !more) {
    for (const card of document.querySelectorAll('.card')) if (!view.stays.has(card.id)) card.remove();
    view.stays = undefined;
  }
  for (const [key, group, place, html] of cards) {
    const card = fragment(html).firstElementChild;
    card.dataset.place = place;
    const old = document.getElementById(`c-${key}`);
    const hadFocus = old?.contains(document.activeElement);
    const list = groups.get(group) ?? $(`#${group} .cards`);
    groups.set(group, list);
    if (!list) continue;
    if (old?.parentElement === list) old.replaceWith(card);
    else {
      old?.remove();
      const after = view.isKnown
        ? [...list.children].find((each) => Number(each.dataset.place) < place)
        : null;
      list.insertBefore(card, after ?? null);
    }
    if (hadFocus) $('a', card)?.focus({ preventScroll: true });
  }
  view.isKnown ||= !more;
}

function afterCards() {
  if (!$('.group')) return;
  const find = ($('#find')?.value ?? '').toLowerCase();
  let all = 0;
  const sums = [];
  for (const group of document.querySelectorAll('.group')) {
    let shown = 0;
    for (const card of group.querySelectorAll('.card')) {
      card.hidden = !card.dataset.find.includes(find);
      if (!card.hidden) shown += 1;
    }
    all += group.querySelectorAll('.card').length;
    group.hidden = shown === 0;
    if (group.tagName === 'DETAILS' && find) group.open = true;
    $('h2 small', group).textContent = shown;
    const words = $('h2', group).firstChild.textContent.trim().toLowerCase();
    if (shown > 0) sums.push(`${shown} ${shown > 1 ? words.replace('needs', 'need') : words}`);
  }
  const sum = $('#sum');
  if (sum) sum.textContent = sums.join(' · ');
  const none = $('#none');
  if (none) none.hidden = all > 0;
}
