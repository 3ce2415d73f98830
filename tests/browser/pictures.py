"""Pictures for tests, and what only says that it is one."""

import io

from PIL import Image, ImageDraw

MIB = 1024 * 1024


def photo(width=1200, height=900, kind="JPEG", **options):
    """Red above, blue below, green at the left: upright, and in its middle, can be told from any other way."""
    picture = Image.new("RGB", (width, height), "#c03030")
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, height // 2, width, height), fill="#3050c0")
    draw.rectangle((0, 0, width // 8, height), fill="#30a050")
    return written(picture, kind, **options)


def on_its_side():
    """As a telephone writes it that was held upright: turned, with a note that says so."""
    picture = Image.open(io.BytesIO(photo(800, 800, "PNG"))).rotate(90, expand=True)
    exif = Image.Exif()
    exif[0x0112] = 6
    return written(picture, "JPEG", exif=exif, quality=95)


def see_through():
    picture = Image.new("RGBA", (300, 300), (0, 0, 0, 0))
    ImageDraw.Draw(picture).ellipse((50, 50, 250, 250), fill="#e0a000")
    return written(picture, "PNG")


def moving():
    first, second = (Image.new("P", (200, 200), place) for place in (0, 1))
    first.putpalette([200, 40, 40, 40, 40, 200])
    second.putpalette([200, 40, 40, 40, 40, 200])
    return written(first, "GIF", save_all=True, append_images=[second], duration=200)


def enormous():
    """41 million pixels in few bytes."""
    return written(Image.new("L", (6500, 6400), 90), "PNG")


def written(picture, kind, **options):
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def padded(bytes_, size):
    """A picture of so many bytes: what follows its end is no part of it."""
    return bytes_ + b"\0" * (size - len(bytes_))


def file(name, content, kind="image/jpeg"):
    return {"name": name, "mimeType": kind, "buffer": content}
