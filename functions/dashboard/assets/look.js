// How a status page looks: colours that are picked fill the fields beside them, and any picture becomes a logo that is small
// enough to be part of every page.

// What the API takes (`look.rs`), and the height at which a logo is shown, twice for sharp screens.
const BYTES_MAX = 12 * 1024
const HEIGHTS = [80, 56, 40, 28]
const WIDER_MAX = 8

// ---- Colours.

for (const picker of document.querySelectorAll('[data-picks]')) {
  const field = picker.parentElement.querySelector('input[name]')
  picker.addEventListener('input', () => (field.value = picker.value))
  field.addEventListener('input', () => {
    if (/^#[0-9a-f]{6}$/i.test(field.value)) picker.value = field.value
  })
}

// ---- Logos.

for (const part of document.querySelectorAll('[data-logo]')) {
  const file = part.querySelector('input[type=file]')
  const field = part.querySelector('input[name]')
  const shown = part.querySelector('[data-shown]')
  const put = (url) => {
    field.value = url
    shown.querySelector('img').src = url || 'data:,'
    shown.hidden = !url
  }
  file.addEventListener('change', async () => {
    part.querySelector('.wrong')?.remove()
    if (!file.files[0]) return
    try {
      put(await logo(file.files[0]))
    } catch (error) {
      say(file, error instanceof TooLarge ? error.message : 'This is no picture that your browser can read.')
    }
    // The picture is in the field; the form need not send the file.
    file.value = ''
  })
  part.querySelector('[data-removes]').addEventListener('click', () => {
    put('')
    file.focus()
  })
}

class TooLarge extends Error {}

// A `data:` URL within the limit.
async function logo(file) {
  if (file.type === 'image/svg+xml') {
    if (file.size > BYTES_MAX) throw new TooLarge(`It has ${file.size} bytes, and a logo in SVG may have ${BYTES_MAX}.`)
    return asUrl(file)
  }
  const image = await createImageBitmap(file)
  if (file.size <= BYTES_MAX && ['image/png', 'image/jpeg', 'image/webp'].includes(file.type)) return asUrl(file)
  for (const height of HEIGHTS) {
    const scale = Math.min(1, height / image.height, (height * WIDER_MAX) / image.width)
    const canvas = document.createElement('canvas')
    canvas.width = Math.max(1, Math.round(image.width * scale))
    canvas.height = Math.max(1, Math.round(image.height * scale))
    canvas.getContext('2d').drawImage(image, 0, 0, canvas.width, canvas.height)
    for (const type of ['image/png', 'image/webp']) {
      const blob = await new Promise((resolve) => canvas.toBlob(resolve, type, 0.9))
      if (blob?.type === type && blob.size <= BYTES_MAX) return asUrl(blob)
    }
  }
  throw new TooLarge('It stays too large even when it is made small: take a simpler picture.')
}

function asUrl(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader()
    reader.addEventListener('load', () => resolve(reader.result))
    reader.addEventListener('error', () => reject(reader.error))
    reader.readAsDataURL(blob)
  })
}

function say(input, sentence) {
  const words = document.createElement('p')
  words.className = 'hint wrong'
  words.setAttribute('role', 'alert')
  words.textContent = sentence
  input.closest('label').after(words)
}
