// What makes a page quicker to use: times on the reader's clock, days within reach of keys and fingers, and the page
// fetching itself again. All of it reads without.
{
const EVERY = 30000
const SLOWEST = 300000
const STALE_AFTER = 90000
const OLD_AFTER = 600000
const { dates, zone: pageZone } = document.body.dataset
const main = () => document.getElementById('main')

// ---- Times, on the reader's clock.

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone
const isElsewhere = Boolean(zone) && zone !== pageZone

function written(at) {
  const year = at.getFullYear() === new Date().getFullYear() ? undefined : 'numeric'
  const date = new Intl.DateTimeFormat(dates, { day: 'numeric', month: 'short', year }).format(at)
  const time = new Intl.DateTimeFormat(dates, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(at)
  return `${date}, ${time}`
}

function tellTimes() {
  if (!isElsewhere) return
  for (const time of document.querySelectorAll('time[datetime*="T"]')) time.textContent = written(new Date(time.dateTime))
  const words = document.getElementById('zone')
  if (words) words.textContent = words.dataset.yours.replace('{zone}', zone.replaceAll('_', ' '))
}

// ---- Days: one stop of the Tab key for each component, arrows between its days, a finger along them.

function makeReachable() {
  for (const days of document.querySelectorAll('.days')) {
    for (const day of days.children) day.tabIndex = -1
    days.lastElementChild?.setAttribute('aria-describedby', 'keys')
    if (days.lastElementChild) days.lastElementChild.tabIndex = 0
  }
}

const dayOf = (element) => element?.closest?.('.days > li') ?? null

function go(day) {
  if (!day) return
  for (const one of day.parentElement.querySelectorAll('[tabindex="0"]')) one.tabIndex = -1
  day.tabIndex = 0
  day.setAttribute('aria-label', day.textContent)
  day.focus({ preventScroll: true })
}

document.addEventListener('focusin', ({ target }) => {
  const day = dayOf(target)
  if (day && day.tabIndex !== 0) go(day)
  else day?.setAttribute('aria-label', day.textContent)
})

document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return
  const hushed = event.key === 'Escape'
  for (const days of document.querySelectorAll('.days:hover, .days:focus-within')) days.classList.toggle('hushed', hushed)
  const day = dayOf(event.target)
  if (!day) return
  const next = {
    ArrowLeft: day.previousElementSibling,
    ArrowRight: day.nextElementSibling,
    Home: day.parentElement.firstElementChild,
    End: day.parentElement.lastElementChild,
  }[event.key]
  if (!next) return
  event.preventDefault()
  go(next)
})

for (const kind of ['pointerdown', 'pointermove']) {
  document.addEventListener(kind, (event) => {
    if (kind === 'pointermove' && event.pointerType !== 'touch') return
    if (!dayOf(event.target)) return
    const day = dayOf(document.elementFromPoint(event.clientX, event.clientY))
    day?.parentElement.classList.remove('hushed')
    if (event.pointerType === 'touch') go(day)
  })
}
document.addEventListener('pointerover', ({ target }) => {
  if (!dayOf(target)) for (const days of document.querySelectorAll('.hushed')) days.classList.remove('hushed')
})

// ---- What is printed is open.

addEventListener('beforeprint', () => {
  for (const one of document.querySelectorAll('main details:not([open])')) {
    one.open = true
    one.dataset.printed = ''
  }
})
addEventListener('afterprint', () => {
  for (const one of document.querySelectorAll('[data-printed]')) {
    one.open = false
    delete one.dataset.printed
  }
})

// ---- The page again.

const revisionOf = (page) => page.querySelector('meta[name=revision]')?.content
const headlineOf = (page) => page.querySelector('h1')?.textContent.trim()
const saidIn = (page) => [...page.querySelectorAll('.updates > li')].map((said) => said.id)

// How to find again what has the focus: from the nearest element with a name.
function placeOf(element) {
  const path = []
  while (element && !element.id) {
    path.unshift([...element.parentElement.children].indexOf(element))
    element = element.parentElement
  }
  const { id } = element
  return () => path.reduce((at, index) => at?.children[index], document.getElementById(id))
}

function isBusy() {
  const at = document.activeElement
  const isWriting = main().contains(at) && at.matches('input, textarea, select')
  const selection = getSelection()
  return isWriting || (!selection.isCollapsed && main().contains(selection.anchorNode))
}

function served(page) {
  for (const one of page.querySelectorAll('details[id]')) one.dataset.served = one.open
}

function replace(page) {
  if (page.querySelector('style')?.textContent !== document.querySelector('style').textContent) return location.reload()
  const before = { headline: headlineOf(document), said: new Set(saidIn(document)) }
  const refocus = main().contains(document.activeElement) ? placeOf(document.activeElement) : null
  const anchor = [...main().querySelectorAll('[id]')].find((one) => one.getBoundingClientRect().bottom > 0)
  const top = anchor?.getBoundingClientRect().top
  const fresh = document.adoptNode(page.getElementById('main'))
  served(fresh)
  // What a reader opened or closed stays so, unless what is in it has changed its mind since.
  for (const one of main().querySelectorAll('details[id]')) {
    const again = fresh.querySelector(`#${CSS.escape(one.id)}`)
    if (again?.dataset.served === one.dataset.served) again.open = one.open
  }
  main().replaceWith(fresh)
  document.title = page.title
  const icon = page.querySelector('link[rel=icon]')
  if (icon) document.querySelector('link[rel=icon]').href = icon.getAttribute('href')
  document.querySelector('meta[name=revision]').content = revisionOf(page)
  makeReachable()
  tellTimes()
  refocus?.()?.focus({ preventScroll: true })
  const now = anchor && document.getElementById(anchor.id)
  if (now) scrollBy({ top: now.getBoundingClientRect().top - top, behavior: 'instant' })
  const news = saidIn(document).filter((id) => !before.said.has(id))
  for (const id of news) document.getElementById(id).closest('article, li')?.classList.add('fresh')
  if (headlineOf(document) !== before.headline || news.length) {
    const words = document.getElementById('news')
    const newest = news.length ? document.getElementById(news[0]).closest('article')?.querySelector('h3')?.textContent ?? '' : ''
    words.textContent = `${words.dataset.changed.replace('{headline}', headlineOf(document))} ${newest}`.trim()
  }
}

function tellAge(kind, since) {
  const words = document.getElementById('stale')
  if (!words) return
  const text = kind ? words.dataset[kind].replace('{time}', written(new Date(since))) : ''
  if (words.textContent !== text) words.textContent = text
  words.hidden = !kind
}

let answeredAt = Date.now()
let wait = EVERY
let timer
let isAsking = false

async function refresh() {
  clearTimeout(timer)
  if (isAsking || document.hidden) return
  isAsking = true
  try {
    // The browser sends the tag of what it has, and takes its own copy if that is still the newest.
    const answer = await fetch(location.href.split('#')[0], { cache: 'no-cache', signal: AbortSignal.timeout(15000) })
    if (!answer.ok) throw new Error(answer.status)
    const text = await answer.text()
    answeredAt = Date.now()
    wait = EVERY
    const age = Number(answer.headers.get('age') ?? 0) * 1000
    tellAge(age > OLD_AFTER ? 'old' : null, Date.now() - age)
    const page = new DOMParser().parseFromString(text, 'text/html')
    if (page.getElementById('main') && revisionOf(page) !== revisionOf(document) && !isBusy()) replace(page)
  } catch {
    wait = Math.min(wait * 2, SLOWEST)
    if (!navigator.onLine || Date.now() - answeredAt > STALE_AFTER) tellAge('stale', answeredAt)
  } finally {
    isAsking = false
  }
  later()
}

function later() {
  clearTimeout(timer)
  timer = setTimeout(refresh, wait * (1 + Math.random() / 5))
}

served(document)
makeReachable()
tellTimes()
if ('living' in document.body.dataset) {
  later()
  addEventListener('online', refresh)
  addEventListener('offline', () => tellAge('stale', answeredAt))
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden && Date.now() - answeredAt > EVERY) refresh()
    else if (!document.hidden) later()
  })
}
}
