'use strict';

// What a page does beyond being read: search and sort functions, filter by time, choose, copy and save events, open what
// a link leads to. Nothing here makes markup of text.
(() => {
  const one = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => Array.from(root.querySelectorAll(selector));
  const thousands = (number) => String(number).replace(/\B(?=(\d{3})+$)/g, ',');

  /** Returns a new element with text in it. */
  const element = (name, text, attributes = {}) => {
    const made = document.createElement(name);
    made.textContent = text;
    Object.entries(attributes).forEach(([key, value]) => made.setAttribute(key, value));
    return made;
  };

  /** Returns a function that runs once before the next picture, however often it is called. */
  const soon = (run) => {
    let waits = false;
    return () => {
      if (waits) {
        return;
      }
      waits = true;
      requestAnimationFrame(() => {
        waits = false;
        run();
      });
    };
  };

  document.documentElement.classList.add('scripted');
  all('.js').forEach((part) => part.removeAttribute('hidden'));

  /** Cells of the time axis that are shown: the first and the last; null for all. */
  let range = null;

  // --- functions

  /** Most rows that are in the document at first, and as many more each time. */
  const ROWS = 100;
  const functions = (() => {
    const table = one('#functions-table');
    if (!table) {
      return null;
    }
    const body = one('tbody', table);
    const search = one('#functions-search');
    const more = one('#functions-more');
    const rest = one('#functions-rest');
    const rows = all('tbody tr', table).concat(rest ? all('tbody tr', rest) : []).map((row, place) => ({
      row,
      place,
      name: row.dataset.function.toLowerCase(),
      values: new Map(),
    }));
    // Rows beyond the first ones live outside the document until they are looked at.
    if (rest) {
      rest.remove();
    }
    const byId = new Map(rows.map((entry) => [entry.row.id, entry]));
    let limit = Math.max(ROWS, body.rows.length > ROWS ? ROWS : body.rows.length);
    let order = { key: null, down: true };
    let pinned = null;

    const value = (entry, column) => {
      if (!entry.values.has(column)) {
        const cell = entry.row.cells[column];
        const found = one('data', cell);
        entry.values.set(column, found ? Number(found.value) : -1);
      }
      return entry.values.get(column);
    };

    /** Returns whether a function failed in the chosen time. */
    const inRange = ({ row }) => {
      if (!range) {
        return true;
      }
      const digits = row.dataset.bits || '';
      for (let cell = range[0]; cell <= range[1]; cell += 1) {
        const digit = parseInt(digits[cell >> 2] || '0', 16);
        if (digit & (1 << (cell & 3))) {
          return true;
        }
      }
      return false;
    };

    const matching = () => {
      const wanted = search.value.trim().toLowerCase();
      const found = rows.filter((entry) => entry.name.includes(wanted) && inRange(entry));
      if (order.key !== null) {
        const sign = order.down ? -1 : 1;
        const compare = order.text
          ? (a, b) => (order.of(a) < order.of(b) ? -1 : Number(order.of(a) > order.of(b)))
          : (a, b) => order.of(a) - order.of(b);
        found.sort((a, b) => sign * compare(a, b) || a.place - b.place);
      }
      return found;
    };

    const show = () => {
      const found = matching();
      const shown = found.slice(0, limit);
      if (pinned && found.includes(pinned) && !shown.includes(pinned)) {
        shown.push(pinned);
      }
      body.replaceChildren(...shown.map((entry) => entry.row));
      const count = shown.length < found.length ? `${thousands(shown.length)} of ${thousands(found.length)}` : thousands(found.length);
      const of = found.length < rows.length ? ` (of ${thousands(rows.length)})` : '';
      one('#functions-count').textContent = `${count} ${found.length === 1 ? 'function' : 'functions'}${of}`;
      more.hidden = shown.length >= found.length;
      table.setAttribute('aria-rowcount', String(found.length + 1));
      return found.length;
    };

    search.addEventListener('input', soon(() => {
      limit = ROWS;
      pinned = null;
      show();
    }));
    more.addEventListener('click', () => {
      limit += 5 * ROWS;
      show();
    });
    const buttons = all('th button[data-sort]', table);
    const mark = () => buttons.forEach((button) => {
      const state = button.dataset.sort === order.key ? (order.down ? 'descending' : 'ascending') : 'none';
      button.closest('th').setAttribute('aria-sort', state);
    });
    buttons.forEach((button) => {
      button.disabled = false;
    });
    buttons.forEach((button) => button.addEventListener('click', () => {
      const key = button.dataset.sort;
      const column = button.closest('th').cellIndex;
      const text = key === 'name' || key === 'owner';
      if (order.key === key && order.down === text) {
        // The third time it is the order of the page again.
        order = { key: null, down: true };
      } else {
        const down = order.key === key ? !order.down : !text;
        const of = text
          ? (entry) => (key === 'name' ? entry.name : entry.row.cells[column].textContent)
          : (entry) => value(entry, column);
        order = { key, down, text, of };
      }
      pinned = null;
      mark();
      show();
    }));
    mark();
    show();

    return {
      show,
      rows: rows.length,
      /** Brings a row into the document; returns it. */
      reveal: (id) => {
        const entry = byId.get(id);
        if (!entry) {
          return null;
        }
        if (!entry.row.isConnected) {
          if (!matching().includes(entry)) {
            search.value = '';
          }
          pinned = entry;
          show();
        }
        return entry.row;
      },
      hasRow: (id) => byId.has(id),
      inRange: (id) => inRange(byId.get(id)),
    };
  })();

  // --- events

  const events = (() => {
    const table = one('#events-table');
    if (!table) {
      return null;
    }
    const filter = one('#events-filter');
    const status = one('#events-count');
    const rows = all('tbody tr', table).map((row) => {
      const box = element('input', '', { type: 'checkbox', 'aria-label': `Choose ${one('th', row).textContent}` });
      const cell = element('td', '', { class: 'pick' });
      cell.append(box);
      row.prepend(cell);
      return { row, box, text: row.textContent.toLowerCase() };
    });
    const every = element('input', '', { type: 'checkbox', 'aria-label': 'Choose all events that are shown' });
    const head = element('th', '', { class: 'pick', scope: 'col' });
    head.append(every);
    one('thead tr', table).prepend(head);

    const shown = () => rows.filter(({ row }) => !row.hidden);
    const chosen = () => {
      const ticked = shown().filter(({ box }) => box.checked);
      return ticked.length > 0 ? ticked : shown();
    };
    const tell = () => {
      const visible = shown();
      const ticked = visible.filter(({ box }) => box.checked).length;
      const of = visible.length < rows.length ? ` of ${thousands(rows.length)}` : '';
      status.textContent = `${thousands(visible.length)}${of} shown${ticked > 0 ? `, ${thousands(ticked)} chosen` : ''}`;
      every.checked = ticked > 0 && ticked === visible.length;
      every.indeterminate = ticked > 0 && ticked < visible.length;
    };
    const show = () => {
      const wanted = filter.value.trim().toLowerCase();
      rows.forEach(({ row, text }) => {
        row.hidden = !text.includes(wanted) || !touches(row);
      });
      tell();
    };
    filter.addEventListener('input', soon(show));
    every.addEventListener('change', () => {
      shown().forEach(({ box }) => {
        box.checked = every.checked;
      });
      tell();
    });
    table.addEventListener('change', tell);

    const id = ({ row }) => one('th', row).textContent.trim();
    one('#events-copy').addEventListener('click', async () => {
      const ids = chosen().map(id);
      const copied = await copy(`${ids.join('\n')}\n`);
      status.textContent = copied ? `${thousands(ids.length)} request ids copied` : 'The browser does not let a page copy';
    });

    /** Formats a cell so that no program takes it for a formula (RFC 4180 around it). */
    const quoted = (text) => {
      const formula = /^[=+\-@\t\r|%\uff1d\uff0b\uff0d\uff20]/.test(text) && !/^-?\d+$/.test(text);
      const inert = formula ? `'${text}` : text;
      return /[,"\n\r;']/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert;
    };
    one('#events-csv').addEventListener('click', () => {
      const heading = ['request_id', 'function', 'what_happened', 'attempts', 'first_started_at', 'code', 'send_it_again'];
      const lines = chosen().map(({ row }) => Array.from(row.cells).slice(1).map((cell) => {
        const time = one('time', cell);
        const number = one('data', cell);
        return (time ? time.dateTime : number ? number.value : cell.textContent).trim();
      }));
      const text = [heading, ...lines].map((line) => `${line.map(quoted).join(',')}\r\n`).join('');
      const link = element('a', '', { download: 'events.csv' });
      link.href = URL.createObjectURL(new Blob([text], { type: 'text/csv' }));
      document.body.append(link);
      link.click();
      link.remove();
      setTimeout(() => URL.revokeObjectURL(link.href), 10000);
      status.textContent = `${thousands(lines.length)} events saved`;
    });
    show();
    return {
      show,
      rows: rows.length,
      shown: () => shown().length,
      clear: () => {
        filter.value = '';
        show();
      },
    };
  })();

  /** Copies text; returns whether it worked. */
  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      const area = element('textarea', text, { readonly: '', class: 'quiet' });
      document.body.append(area);
      area.select();
      const copied = document.execCommand('copy');
      area.remove();
      return copied;
    }
  }

  // --- time

  /** Returns whether an element has anything in the chosen time. What has no time is always shown. */
  function touches(part) {
    if (!range || !part.dataset.cells) {
      return true;
    }
    const [first, last = first] = part.dataset.cells.split(' ').map(Number);
    return first <= range[1] && last >= range[0];
  }

  const time = (() => {
    const chart = one('#time-chart');
    if (!chart) {
      return null;
    }
    const cells = Number(chart.dataset.cells);
    const brush = one('#time-brush');
    const [from, to] = [one('#time-from'), one('#time-to')];
    const edges = chart.dataset.edges.split('|');
    const parts = all('#causes [data-cells], #findings [data-cells]');
    let start = null;
    edges.slice(0, cells).forEach((edge, at) => {
      from.append(element('option', edge, { value: at }));
      to.append(element('option', edges[at + 1], { value: at }));
    });

    const draw = () => {
      const [first, last] = range || [0, -1];
      brush.setAttribute('x', `${(first / cells) * 100}%`);
      brush.setAttribute('width', last < first ? '0' : `${((last - first + 1) / cells) * 100}%`);
      from.value = String(range ? first : 0);
      to.value = String(range ? last : cells - 1);
    };
    const apply = () => {
      draw();
      parts.forEach((part) => {
        part.hidden = !touches(part);
      });
      const some = functions ? functions.show() : 0;
      if (events) {
        events.show();
      }
      one('#time-filter').hidden = !range;
      if (range) {
        const listed = parts.filter((part) => part.closest('#findings'));
        const shown = listed.filter((part) => !part.hidden).length;
        one('#time-filter-text').textContent = `${edges[range[0]]} to ${edges[range[1] + 1]}: `
          + `${thousands(shown)} of ${thousands(listed.length)} findings, `
          + `${thousands(some)} of ${thousands(functions ? functions.rows : 0)} functions, `
          + `${thousands(events ? events.shown() : 0)} of ${thousands(events ? events.rows : 0)} events. `
          + 'Numbers stay those of the whole log.';
      }
    };
    const set = (a, b) => {
      const [first, last] = a < b ? [a, b] : [b, a];
      range = first === 0 && last === cells - 1 ? null : [first, last];
    };
    const clear = () => {
      range = null;
      apply();
    };
    const cell = (event) => {
      const { left, width } = chart.getBoundingClientRect();
      return Math.min(cells - 1, Math.max(0, Math.floor(((event.clientX - left) / width) * cells)));
    };
    chart.addEventListener('pointerdown', (event) => {
      if (event.button === 0) {
        start = cell(event);
        chart.setPointerCapture(event.pointerId);
        event.preventDefault();
      }
    });
    chart.addEventListener('pointermove', (event) => {
      if (start !== null) {
        set(start, cell(event));
        draw();
      }
    });
    chart.addEventListener('pointerup', (event) => {
      if (start !== null) {
        set(start, cell(event));
        start = null;
        apply();
      }
    });
    chart.addEventListener('pointercancel', () => {
      start = null;
      clear();
    });
    [from, to].forEach((select) => select.addEventListener('change', () => {
      set(Number(from.value), Number(to.value));
      apply();
    }));
    one('#time-reset').addEventListener('click', () => {
      clear();
      from.focus();
    });
    document.addEventListener('keydown', (event) => {
      if (event.key === 'Escape' && range) {
        clear();
      }
    });
    draw();
    return { clear };
  })();

  // --- links within the page

  /** Opens, unfilters and shows what the address leads to. */
  const reveal = () => {
    let id = location.hash.slice(1);
    try {
      id = decodeURIComponent(id);
    } catch {
      // It is no encoded text, so it is taken as it is.
    }
    if (!id) {
      return;
    }
    if (time && range && functions && functions.hasRow(id) && !functions.inRange(id)) {
      time.clear();
    }
    const target = (functions && functions.reveal(id)) || document.getElementById(id);
    if (!target) {
      return;
    }
    if (target.closest('[hidden]')) {
      if (time) {
        time.clear();
      }
      if (events && target.closest('#events')) {
        events.clear();
      }
    }
    for (let part = target; part; part = part.parentElement) {
      if (part.tagName === 'DETAILS') {
        part.open = true;
      }
    }
    target.scrollIntoView({ block: target.tagName === 'TR' ? 'center' : 'start' });
    all('.target').forEach((part) => part.classList.remove('target'));
    target.classList.add('target');
  };
  addEventListener('hashchange', reveal);
  document.addEventListener('click', (event) => {
    const link = event.target.closest('a[href^="#"]');
    // The address does not change where it already leads there.
    if (link && link.hash === location.hash) {
      reveal();
    }
  });
  reveal();

  // --- invokers as tabs; who chose one means it everywhere

  const groups = all('.invokers').map((group, number) => {
    const items = all('li', group).filter((item) => one('strong', item) && item.textContent.trim().startsWith(one('strong', item).textContent));
    if (items.length < 2) {
      return null;
    }
    const list = element('div', '', { class: 'tabs', role: 'tablist', 'aria-label': 'Invoker' });
    const tabs = items.map((item, at) => {
      const label = one('strong', item).textContent;
      const [tabId, panelId] = [`tab-${number}-${at}`, `panel-${number}-${at}`];
      const tab = element('button', label, { type: 'button', role: 'tab', id: tabId, 'aria-controls': panelId });
      const panel = element('div', '', { role: 'tabpanel', id: panelId, 'aria-labelledby': tabId, tabindex: '0' });
      panel.append(...item.childNodes);
      item.remove();
      list.append(tab);
      return { label, tab, panel };
    });
    all('ul', group).filter((left) => !one('li', left)).forEach((left) => left.remove());
    group.append(list, ...tabs.map(({ panel }) => panel));
    return tabs;
  }).filter(Boolean);
  const choose = (label) => groups.forEach((tabs) => {
    const found = tabs.find((tab) => tab.label === label);
    if (!found && tabs.some(({ tab }) => tab.ariaSelected === 'true')) {
      return;
    }
    const chosen = found || tabs[0];
    tabs.forEach((one_of) => {
      const is = one_of === chosen;
      one_of.tab.setAttribute('aria-selected', String(is));
      one_of.tab.tabIndex = is ? 0 : -1;
      one_of.panel.hidden = !is;
    });
  });
  groups.forEach((tabs) => tabs.forEach(({ label, tab }, at) => {
    tab.addEventListener('click', () => choose(label));
    tab.addEventListener('keydown', (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (step) {
        const next = tabs[(at + step + tabs.length) % tabs.length];
        choose(next.label);
        next.tab.focus();
        event.preventDefault();
      }
    });
  }));
  if (groups.length > 0) {
    choose(groups[0][0].label);
  }

  // --- paper has no folds

  let opened = [];
  addEventListener('beforeprint', () => {
    opened = all('details.finding:not([open])');
    opened.forEach((part) => {
      part.open = true;
    });
  });
  addEventListener('afterprint', () => {
    opened.forEach((part) => {
      part.open = false;
    });
    opened = [];
  });
})();
