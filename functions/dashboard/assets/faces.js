// Faces: a person's picture, or their initials, wherever they are shown (`face.html` makes them). When somebody's picture
// changes, in this tab or in another one, it changes on all their faces without a reload. One's own lead to changing it.

const me = document.body.dataset.me
const tabs = 'BroadcastChannel' in window ? new BroadcastChannel('faces') : null

// ---- Whose picture is another now.

// `urls` by size in pixels, or null: initials.
export function show(id, urls) {
  change(id, urls)
  tabs?.postMessage({ id, urls })
}

tabs?.addEventListener('message', ({ data }) => change(data.id, data.urls))

function change(id, urls) {
  for (const face of document.querySelectorAll(`[data-face="${CSS.escape(id)}"]`)) {
    face.querySelector('img')?.remove()
    if (urls) face.append(image(urls, Number(face.dataset.px)))
  }
}

function image(urls, px) {
  const img = document.createElement('img')
  img.alt = ''
  img.width = img.height = px
  img.sizes = `${px}px`
  img.srcset = Object.entries(urls).map(([size, url]) => `${url} ${size}w`).join(', ')
  img.src = urls['64']
  return img
}

// A picture that cannot be had leaves the initials under it.
document.addEventListener('error', (event) => {
  if (event.target.matches?.('.face img')) event.target.remove()
}, true)

// ---- One's own.

const OWN = `[data-picture], [data-face="${me}"]`

function own(target) {
  return me && target instanceof Element && !target.closest('dialog') ? target.closest(OWN) : null
}

async function open(file) {
  try {
    const picture = await import('./picture.js')
    picture.open(me, file)
  } catch (error) {
    // What a browser cannot do here, it can do there.
    console.warn(error)
    location.assign('/settings/picture')
  }
}

if (me) {
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(`[data-face="${me}"] { cursor: pointer; } .aimed[data-face="${me}"], .aimed [data-face="${me}"] { outline: 3px solid; }`)
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet]
}

document.addEventListener('click', (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey || !own(event.target)) return
  event.preventDefault()
  open()
})

let over = null

function mark(face) {
  over?.classList.remove('aimed')
  over = face
  over?.classList.add('aimed')
}

for (const kind of ['dragenter', 'dragover']) {
  document.addEventListener(kind, (event) => {
    const face = event.dataTransfer.types.includes('Files') ? own(event.target) : null
    if (face !== over) mark(face)
    if (face) event.preventDefault()
  })
}
document.addEventListener('dragleave', (event) => event.relatedTarget || mark(null))
document.addEventListener('drop', (event) => {
  const face = own(event.target)
  mark(null)
  if (!face) return
  event.preventDefault()
  open(event.dataTransfer.files[0])
})

// Pasting where one's own picture has the focus, or on the page that is about it.
document.addEventListener('paste', (event) => {
  const file = event.clipboardData?.files[0]
  if (!file || document.querySelector('dialog[open]') || event.target.matches?.('input, textarea')) return
  if (!own(document.activeElement) && !document.querySelector('main [data-picture]')) return
  event.preventDefault()
  open(file)
})
