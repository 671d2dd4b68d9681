// What is measured on a page. Evaluates to an object of functions; each returns what is wrong, so nothing where all is well.
({
  // The rules of axe-core that a page breaks, its good practices included, with the places.
  async broken(rules) {
    const only = rules ? { runOnly: { type: 'rule', values: rules } } : { rules: { 'target-size': { enabled: true } } };
    const { violations } = await axe.run(document, { ...only, resultTypes: ['violations'] });
    return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target} ${node.any[0]?.message ?? node.failureSummary}`));
  },

  // What sticks out of the window, or is cut off, under the reader's own style.
  tooWide(style) {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(style);
    document.adoptedStyleSheets = [sheet];
    const page = document.documentElement;
    const name = (one) => `${one.localName}.${one.className} ${one.textContent.trim().slice(0, 30)}`;
    const found = [...document.body.querySelectorAll('*')].filter((one) => !one.matches('.skip, input, textarea')).filter((one) =>
      one.getBoundingClientRect().right > page.clientWidth + 1 || (getComputedStyle(one).overflowX !== 'visible' && one.scrollWidth > one.clientWidth + 1));
    const wide = page.scrollWidth > page.clientWidth ? [`the page: ${page.scrollWidth} of ${page.clientWidth}`] : [];
    document.adoptedStyleSheets = [];
    return [...wide, ...found.map(name)];
  },

  // One h1, before all others, and no level left out.
  headings() {
    const levels = [...document.querySelectorAll('h1, h2, h3, h4, h5, h6')].map((heading) => Number(heading.localName[1]));
    const good = levels[0] === 1 && levels.lastIndexOf(1) === 0 && levels.every((level, at) => at === 0 || level <= levels[at - 1] + 1);
    return good ? [] : levels;
  },

  moving() {
    const moves = (style) => parseFloat(style.transitionDuration) > 0 || style.animationName !== 'none' || style.scrollBehavior !== 'auto';
    return [...document.querySelectorAll('*')].filter((one) => moves(getComputedStyle(one))).map((one) => one.localName);
  },

  // What the keyboard has to reach, in the order in which it is read. Notes meanwhile what it does reach.
  watchFocus() {
    // Of a group of radio buttons the Tab key reaches the chosen one, and the arrows the others.
    const kinds = 'a[href], button, input:not([type=hidden], [type=radio]:not(:checked)), select, textarea, summary';
    const all = [...document.querySelectorAll(kinds)].filter((one) => one.checkVisibility());
    window.reached = [];
    document.addEventListener('focusin', ({ target }) => {
      const { outlineStyle, outlineWidth } = getComputedStyle(target);
      const place = target.getBoundingClientRect();
      const seen = outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2 && place.width >= 20 && place.height >= 16
        && place.bottom > 0 && place.top < innerHeight && place.right > 0 && place.left < innerWidth;
      window.reached.push({ at: all.indexOf(target), seen });
    });
    window.toReach = all.map((one) => `${one.localName} ${one.name ?? ''} ${one.textContent.trim().slice(0, 30)}`);
    return all.length;
  },

  notReached() {
    const { reached, toReach } = window;
    const wrong = reached.slice(0, toReach.length).flatMap(({ at, seen }, turn) =>
      at !== turn ? [`turn ${turn}: ${toReach[at]}, and not ${toReach[turn]}`] : seen ? [] : [`not seen: ${toReach[at]}`]);
    const missed = reached.length < toReach.length ? [`${reached.length} of ${toReach.length} reached`] : [];
    const trapped = toReach.length > 1 && reached.at(-1)?.at === toReach.length - 1 && reached.length > toReach.length ? ['trapped at the end'] : [];
    return [...wrong, ...missed, ...trapped];
  },
})
