"""Make the bundled keyword clips from free speech synthesizers (see DATASHEET.md).

    apt-get install espeak-ng flite festival festvox-kallpc16k festvox-kdlpc16k \
        festvox-us-slt-hts festvox-ca-ona-hts festvox-czech-dita festvox-czech-krb \
        festvox-czech-machac festvox-czech-ph festvox-italp16k \
        festvox-itapc16k festvox-ru festvox-suopuhe-lj festvox-suopuhe-mv
    pip install pyworld
    python generate.py [clips.zip]

A *voice* is one synthesizer voice with its own vocal tract length, pitch, melody and pace: the
WORLD vocoder (Morise et al. 2016) takes a synthesized word apart into pitch, spectral envelope and
aperiodicity, the voice bends them, and WORLD puts the word together again. The same seed gives the
same recordings; about 10 minutes on two cores. Students never need to run this.
"""
# ruff: noqa: RUF001, SIM905 (Cyrillic letters are meant; word lists read better as text)

import hashlib
import io
import multiprocessing
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import librosa
import numpy as np
import pyworld
import soundfile
from tqdm import tqdm

from tinykit.common.files import write_atomically

SAMPLE_RATE = 16_000
SEED = 20_26
WORD_SPREAD = 8  # other words that each voice says, besides all ten keywords
ESPEAK_VOICES = 268
VOICES_PER_RECORDED_SPEAKER = 16
BACKGROUND_SECONDS = 30

KEYWORDS = "yes no up down left right on off stop go".split()
# The other words of Speech Commands, then words that are easily taken for a keyword.
OTHERS = (
    "zero one two three four five six seven eight nine bed bird cat dog happy house marvin "
    "sheila tree wow backward forward follow learn visual "
    "yet guess chess less nose note knock now not nope snow low gold got goat owe cup pup town "
    "dawn lift laugh write ride light arm own of step top shop hello music window please water"
).split()

# Synthesizers built from recorded people. Festival's foreign voices say English words as a speaker
# of that language would, so they need a spelling of their own.
FLITE = ["awb", "rms", "slt", "kal16"]
FESTIVAL_ENGLISH = ["kal_diphone", "ked_diphone", "cmu_us_slt_arctic_hts"]
FESTIVAL_FOREIGN = {
    "czech_dita": "cs",
    "czech_krb": "cs",
    "czech_machac": "cs",
    "czech_ph": "cs",
    "hy_fi_mv_diphone": "fi",
    "suo_fi_lj_diphone": "fi",
    "lp_diphone": "it",
    "pc_diphone": "it",
    "upc_ca_ona_hts": "it",
    "msu_ru_nsh_clunits": "ru",
}
RESPELLED_WORDS = (
    KEYWORDS
    + (
        "zero one two three four five six seven eight nine bed cat dog happy house wow not now "
        "low hello"
    ).split()
)
RESPELLED = {
    "cs": "jes nou/no ap daun left rajt on of stop gou/go zirou uan tu tri for fajv siks seven ejt "
    "najn bed ket dog hepi haus uau not nau lou helou",
    "fi": "jes nou/no ap daun left rait on of stop gou/go zirou uan tuu trii foor faiv siks seven "
    "eit nain bed ket dog hepi haus uau not nau lou helou",
    "it": "ies nou/no ap daun left rait on off stop gou/go zirou uan tu tri for faiv sics seven "
    "eit nain bed chet dog epi aus uau not nau lou elou",
    "ru": "йес ноу/но ап даун лефт райт он оф стоп гоу/го зироу уан ту три фор файв сикс севен "
    "эйт найн бед кэт дог хэпи хаус уау нот нау лоу хелоу",
}
# Many people say "no" and "go" with a plain long vowel; the slashes above mean the same.
ESPEAK_PLAIN_VOWEL = {"no": "[[n'O:]]", "go": "[[g'O:]]"}
ESPEAK_ACCENTS = ["en-us"] * 4 + ["en-us-nyc"] * 2 + ["en-gb"] * 2 + [
    "en-gb-x-rp", "en-gb-scotland", "en-gb-x-gbclan", "en-gb-x-gbcwmd", "en-029",
]  # fmt: skip
ESPEAK_TIMBRES = (
    "Alex Alicia Andrea Andy Annie Denis Diogo Gene Gene2 Henrique Hugo Jacky Lee Marco Mario "
    "Michael Mike Nguyen RicishayMax adam anika antonio aunty belinda benjamin boris caleb david "
    "ed edward edward2 f1 f2 f3 f4 f5 grandma grandpa gustave iven iven2 iven3 iven4 john "
    "kaukovalta "
    "klatt klatt2 klatt3 klatt4 linda m1 m2 m3 m4 m5 m6 m7 m8 marcelo max michel miguel norbert "
    "pablo paul pedro quincy rob robert sandro shelby steph steph2 steph3 travis victor zac"
).split()


@dataclass(frozen=True)
class Voice:
    """One synthetic speaker. Ratios are relative to the synthesizer's own voice."""

    id: str
    engine: str
    base: str
    word_seconds: float  # mean length of its words
    pitch: float  # pitch ratio
    plain_vowel: bool  # says "no" and "go" as "noh" and "goh"
    tract: float  # formant frequency ratio: above 1 a shorter vocal tract (a child), below 1 longer
    breath: float  # 0 as synthesized ... 1 half whispered
    liveliness: float  # spread of the melody, ratio
    words: tuple[str, ...]


def make_voices(random: np.random.Generator) -> list[Voice]:
    """All voices, each with its own character and list of words."""
    bases = [
        ("espeak", f"{random.choice(ESPEAK_ACCENTS)}+{timbre}")
        for timbre in random.permutation(np.resize(ESPEAK_TIMBRES, ESPEAK_VOICES))
    ]
    recorded = [("flite", name) for name in FLITE]
    recorded += [("festival", name) for name in [*FESTIVAL_ENGLISH, *FESTIVAL_FOREIGN]]
    bases += [base for base in recorded for _ in range(VOICES_PER_RECORDED_SPEAKER)]
    return [make_voice(number, *base, random) for number, base in enumerate(bases)]


def make_voice(number: int, engine: str, base: str, random: np.random.Generator) -> Voice:
    """A voice with drawn character; the first of a recorded speaker is close to the original."""
    tract = np.exp(random.uniform(np.log(0.84), np.log(1.30)))
    choice = RESPELLED_WORDS[10:] if base in FESTIVAL_FOREIGN else OTHERS
    others = random.choice(choice, WORD_SPREAD, replace=False)
    return Voice(
        id=hashlib.sha256(f"{SEED} {number} {engine} {base}".encode()).hexdigest()[:8],
        engine=engine,
        base=base,
        word_seconds=random.uniform(0.33, 0.62),
        # Short vocal tracts go with high voices, loosely.
        pitch=tract ** random.uniform(0.5, 2.5) * np.exp(random.normal(0, 0.15)),
        plain_vowel=random.random() < 0.35,
        tract=tract,
        breath=random.choice([0, 0, random.uniform(0, 0.6)]),
        liveliness=random.uniform(0.5, 1.8),
        words=(*KEYWORDS, *others),
    )


def synthesize(voice: Voice, folder: Path) -> dict[str, np.ndarray]:
    """Each of the voice's words as the plain synthesizer says it, float64 at SAMPLE_RATE."""
    paths = {word: folder / f"{word}.wav" for word in voice.words}
    if voice.engine == "festival":
        lines = [
            f"""(utt.save.wave (SynthText "{spelling(voice, word)}") "{path}" 'riff)"""
            for word, path in paths.items()
        ]
        script = folder / "say.scm"
        script.write_text("\n".join([f"(voice_{voice.base})", *lines]), encoding="utf-8")
        subprocess.run(["festival", "-b", script], check=True, capture_output=True)
    else:
        for word, path in paths.items():
            text = spelling(voice, word) + "."
            command = {
                "espeak": ["espeak-ng", "-v", voice.base, "-s", "150", "-w", path, text],
                "flite": ["flite", "-voice", voice.base, "-t", text, "-o", path],
            }[voice.engine]
            subprocess.run(command, check=True, capture_output=True)
    sounds = {}
    for word, path in paths.items():
        sound, rate = soundfile.read(path)
        sounds[word] = librosa.resample(sound, orig_sr=rate, target_sr=SAMPLE_RATE)
    return sounds


def spelling(voice: Voice, word: str) -> str:
    """How the word is written for this voice's synthesizer."""
    if voice.base in FESTIVAL_FOREIGN:
        spellings = RESPELLED[FESTIVAL_FOREIGN[voice.base]].split()
        return spellings[RESPELLED_WORDS.index(word)].split("/")[-1 if voice.plain_vowel else 0]
    if voice.engine == "espeak" and voice.plain_vowel:
        return ESPEAK_PLAIN_VOWEL.get(word, word)
    return word


def speak(voice: Voice, sound: np.ndarray, pace: float, random: np.random.Generator) -> np.ndarray:
    """Give a synthesized word the character of the voice, a little different each time."""
    f0, times = pyworld.dio(sound, SAMPLE_RATE, f0_floor=50, f0_ceil=500)
    f0 = pyworld.stonemask(sound, f0, times, SAMPLE_RATE)
    envelope = pyworld.cheaptrick(sound, f0, times, SAMPLE_RATE)
    aperiodicity = pyworld.d4c(sound, f0, times, SAMPLE_RATE)

    voiced = f0 > 0
    if voiced.any():
        middle = np.exp(np.log(f0[voiced]).mean())
        glide = np.linspace(random.normal(0, 0.12), random.normal(-0.05, 0.15), len(f0))
        melody = (f0[voiced] / middle) ** voice.liveliness * np.exp(glide[voiced])
        pitch = np.clip(middle * voice.pitch, 75, 380) * random.uniform(0.92, 1.08)
        f0[voiced] = np.clip(pitch * melody, 60, 450)
    tract = voice.tract * random.uniform(0.97, 1.03)
    envelope = stretch_frequencies(envelope, tract)
    aperiodicity = stretch_frequencies(aperiodicity, tract) ** (1 - voice.breath)
    pace *= random.uniform(0.85, 1.15)
    sound = pyworld.synthesize(f0, envelope, aperiodicity, SAMPLE_RATE, 5.0 * pace)
    return trim(sound)[:SAMPLE_RATE]


def stretch_frequencies(envelope: np.ndarray, ratio: float) -> np.ndarray:
    """Move everything at frequency f to f * ratio; (frames, bins) in, the same out."""
    bins = np.arange(envelope.shape[1])
    source = np.minimum(bins / ratio, bins[-1])
    low = np.minimum(source.astype(int), bins[-2])
    part = source - low
    log = np.log(envelope + 1e-16)
    return np.ascontiguousarray(np.exp(log[:, low] * (1 - part) + log[:, low + 1] * part))


def trim(sound: np.ndarray) -> np.ndarray:
    """Without the silence before and after, 30 ms of it kept, at a peak of 0.5."""
    _, (start, stop) = librosa.effects.trim(sound, top_db=32, frame_length=400, hop_length=80)
    margin = SAMPLE_RATE * 3 // 100
    sound = sound[max(0, start - margin) : stop + margin]
    sound = np.ascontiguousarray(sound, dtype=np.float64)
    return sound / np.abs(sound).max() * 0.5


def encode(sound: np.ndarray) -> bytes:
    """Ogg Opus, 16 kHz mono, about 24 kbit/s."""
    file = io.BytesIO()
    soundfile.write(
        file,
        sound.astype(np.float32),
        SAMPLE_RATE,
        format="OGG",
        subtype="OPUS",
        compression_level=0.93,
    )
    return file.getvalue()


def record(task: tuple[int, Voice]) -> list[tuple[str, bytes]]:
    """All clips of one voice: [(name in the archive, Opus bytes)]."""
    number, voice = task
    random = np.random.default_rng([SEED, number])
    with tempfile.TemporaryDirectory() as folder:
        sounds = synthesize(voice, Path(folder))
    sounds = {word: trim(sound) for word, sound in sounds.items()}
    # A word shorter than 0.1 s was swallowed by the synthesizer.
    sounds = {word: sound for word, sound in sounds.items() if len(sound) > SAMPLE_RATE // 10}
    pace = voice.word_seconds * SAMPLE_RATE / np.mean([len(sound) for sound in sounds.values()])
    return [
        (f"{word}/{voice.id}_nohash_0.opus", encode(speak(voice, sound, pace, random)))
        for word, sound in sounds.items()
    ]


def write_archive(path: Path, files: dict[str, bytes]) -> None:
    """A zip in Speech Commands' layout; Opus is compressed already, so files are stored."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            archive.writestr(zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0)), files[name])
    write_atomically(path, content.getvalue())


def split_lists(names: list[str]) -> dict[str, bytes]:
    """Official-looking lists: one voice in ten is for validation, one in ten for testing."""
    lists: dict[str, list[str]] = {"validation_list.txt": [], "testing_list.txt": []}
    for name in sorted(names):
        tenth = int(Path(name).name[:8], 16) % 10
        if tenth < 2:
            lists[list(lists)[tenth]].append(name)
    return {name: "".join(f"{line}\n" for line in lines).encode() for name, lines in lists.items()}


def main() -> None:
    """Write the archive named on the command line."""
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "clips.zip"
    voices = make_voices(np.random.default_rng(SEED))
    with multiprocessing.Pool() as pool:
        made = pool.imap(record, enumerate(voices))
        clips = dict(
            clip for voice in tqdm(made, total=len(voices), unit="voice") for clip in voice
        )
    speech = [soundfile.read(io.BytesIO(clip))[0] for clip in list(clips.values())[::7]]
    backgrounds = {
        f"_background_noise_/{name}.opus": encode(sound)
        for name, sound in background_sounds(np.random.default_rng(SEED), speech).items()
    }
    write_archive(path, clips | backgrounds | split_lists(list(clips)))


def background_sounds(random: np.random.Generator, speech: list[np.ndarray]) -> dict:
    """What a quiet label hears: everyday noises, computed; name -> float64 sound."""
    n = BACKGROUND_SECONDS * SAMPLE_RATE
    noises = {
        "hiss": coloured(n, 0.0, random),
        "pink_noise": coloured(n, 1.0, random),
        "air_conditioner": hum(n, 50, random) + coloured(n, 1.4, random) * 0.6,
        "computer_fan": hum(n, 117, random) * 0.4 + coloured(n, 0.7, random) * 0.5,
        "traffic": coloured(n, 1.8, random) * wandering(n, 3.0, random),
        "wind": coloured(n, 1.5, random) * wandering(n, 0.7, random) ** 2,
        "rain": clicks(n, 400, (800, 7_000), 0.002, random) + coloured(n, 0.3, random) * 0.3,
        "dishes": clicks(n, 4, (1_200, 7_000), 0.06, random) + coloured(n, 0.4, random) * 0.1,
        "typing": clicks(n, 7, (700, 5_000), 0.008, random) + coloured(n, 1.0, random) * 0.03,
        "footsteps": clicks(n, 2, (60, 300), 0.05, random) + coloured(n, 1.0, random) * 0.05,
        "exercise_bike": coloured(n, 0.8, random) * turning(n, 2.3, random)
        + hum(n, 90, random) * 0.2,
        "vacuum_cleaner": hum(n, 230, random) * 0.5 + coloured(n, 0.5, random),
        "organ": organ(n, random),
        "many_voices": babble(n, speech, random),
    }
    return {name: sound / np.abs(sound).max() * 0.5 for name, sound in noises.items()}


def coloured(n: int, slope: float, random: np.random.Generator) -> np.ndarray:
    """Noise whose power falls as 1 / frequency**slope; RMS 1."""
    spectrum = np.fft.rfft(random.standard_normal(n))
    spectrum *= np.maximum(np.fft.rfftfreq(n, 1 / SAMPLE_RATE), 20) ** (-slope / 2)
    noise = np.fft.irfft(spectrum, n)
    return noise / noise.std()


def wandering(n: int, seconds: float, random: np.random.Generator) -> np.ndarray:
    """A level between about 0.2 and 1.8 that changes every few `seconds`."""
    points = random.uniform(0.2, 1.8, int(n / SAMPLE_RATE / seconds) + 2)
    return np.interp(np.linspace(0, len(points) - 1, n), np.arange(len(points)), points)


def turning(n: int, hertz: float, random: np.random.Generator) -> np.ndarray:
    """The level of something that goes round, not quite evenly."""
    phase = np.cumsum(hertz * wandering(n, 2.0, random) ** 0.3) / SAMPLE_RATE
    return 0.6 + 0.4 * np.sin(2 * np.pi * phase)


def hum(n: int, hertz: float, random: np.random.Generator) -> np.ndarray:
    """A motor: a tone and its overtones, each a little unsteady."""
    phase = 2 * np.pi * np.cumsum(hertz * (1 + 0.01 * wandering(n, 1.0, random))) / SAMPLE_RATE
    overtones = range(1, int(3_500 / hertz))
    return sum(
        np.sin(k * phase + random.uniform(0, 6)) / k * random.uniform(0, 1) for k in overtones
    )


def clicks(
    n: int, a_second: float, hertz: tuple, fade: float, random: np.random.Generator
) -> np.ndarray:
    """Things that are struck: short ringing tones at random times, some loud, most soft."""
    times = np.arange(int(8 * fade * SAMPLE_RATE)) / SAMPLE_RATE
    sound = np.zeros(n)
    for start in random.integers(0, n - len(times), int(a_second * n / SAMPLE_RATE)):
        pitches = np.exp(random.uniform(*np.log(hertz), size=(3, 1)))
        ring = np.sin(2 * np.pi * pitches * times).sum(0) * np.exp(-times / fade)
        sound[start : start + len(times)] += ring * random.exponential()
    return sound


def organ(n: int, random: np.random.Generator) -> np.ndarray:
    """Slow chords, so that a steady tone is not taken for a vowel."""
    sound = np.zeros(n)
    length = 3 * SAMPLE_RATE
    times = np.arange(length) / SAMPLE_RATE
    for start in range(0, n - length + 1, length // 2):
        for note in random.choice(np.arange(40, 80), 3, replace=False):
            hertz = 440 * 2 ** ((note - 69) / 12)
            tones = sum(np.sin(2 * np.pi * k * hertz * times) / k**1.5 for k in range(1, 6))
            sound[start : start + length] += tones * np.hanning(length)
    return sound


def babble(n: int, speech: list[np.ndarray], random: np.random.Generator) -> np.ndarray:
    """Very many voices at once: no word can be made out."""
    sound = np.zeros(n)
    for _ in range(40 * n // SAMPLE_RATE):
        word = speech[random.integers(len(speech))]
        start = random.integers(n - len(word))
        sound[start : start + len(word)] += word * random.uniform(0.2, 1)
    return sound


if __name__ == "__main__":
    main()
